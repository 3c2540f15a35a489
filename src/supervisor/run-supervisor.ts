/**
 * One running claude: wires the outer terminal, the pty, the input lane and the line to the daemon. Wiring only.
 * Claude is started first; whatever is slow (the HTTP client, settings) is loaded while it boots.
 */
import { DraftTracker } from '../proxy/draft-tracker.ts';
import { InputLane } from '../proxy/input-lane.ts';
import { OutputRing } from '../proxy/output-ring.ts';
import { type PtyExit, spawnPty } from '../pty/spawn-pty.ts';
import { steadyNow } from '../steady-clock.ts';
import { endsInAlternateScreen, enterRawMode, resetTerminalModes, terminalSize } from '../terminal/outer-tty.ts';
import { forwardSignals } from './endings.ts';
import { Suspend } from './suspend.ts';

/** The daemon side is loaded after claude's first output, or after this long without one. */
const startDaemonAfterMs = 1000;

export interface SupervisorOptions {
  /** Path of claude. */
  file: string;
  args: readonly string[];
  cwd: string;
  /** Claude's environment. */
  env: Record<string, string>;
  /** The environment claudex itself was given. */
  ownEnv: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream & { fd: 0 };
  stdout: NodeJS.WriteStream;
}

/** Runs claude until it ends; the terminal is restored when this resolves. */
export async function runSupervisor(options: SupervisorOptions): Promise<PtyExit> {
  const { stdin, stdout } = options;
  let size = terminalSize(stdout);
  const ring = new OutputRing(size);
  const draft = new DraftTracker();
  let wakeOutputWaiter: (() => void) | undefined;

  const pty = spawnPty({
    file: options.file,
    args: options.args,
    cwd: options.cwd,
    env: options.env,
    size,
    onOutput: (bytes) => {
      ring.output(bytes);
      wakeOutputWaiter?.();
      suspend.output(bytes);
      if (!stdout.write(bytes)) pty.pause();
    },
  });
  let restoreTerminal = enterRawMode(stdin);
  const signals = forwardSignals(pty);
  const lane = new InputLane((bytes) => pty.write(bytes));
  const suspend = new Suspend({
    pty,
    flushed: () => flushed(stdout),
    releaseTerminal: () => restoreTerminal(),
    takeTerminal: () => {
      restoreTerminal = enterRawMode(stdin);
      onResize();
    },
    now: steadyNow,
  });
  let onKeys: (() => void) | undefined;

  const onInput = (bytes: Buffer): void => {
    draft.take(bytes, steadyNow());
    suspend.keys(bytes);
    lane.fromPerson(bytes);
    onKeys?.();
  };
  const onDrain = (): void => pty.resume();
  const onResize = (): void => {
    size = terminalSize(stdout);
    ring.resized(size);
    pty.resize(size);
  };
  // a terminal that is gone (window closed) answers with EIO: SIGHUP follows and ends us in order
  const onGone = (): void => pty.kill('SIGHUP');
  stdin.on('data', onInput);
  stdin.on('error', onGone);
  stdin.on('end', onGone);
  stdout.on('drain', onDrain);
  stdout.on('resize', onResize);
  stdout.on('error', onGone);

  const nextOutput = (timeoutMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      wakeOutputWaiter = () => {
        clearTimeout(timer);
        wakeOutputWaiter = undefined;
        resolve();
      };
    });
  let closeDaemonSide: (() => void) | undefined;
  let ended = false;
  const startDaemon = (): void => {
    import('./daemon-side.ts')
      .then(({ startDaemonSide }) => {
        if (ended) return;
        const side = startDaemonSide({
          env: options.ownEnv,
          claudePid: pty.pid,
          draft,
          ring,
          lane,
          nextOutput,
        });
        closeDaemonSide = side.close;
        onKeys = side.keyPressed;
      })
      .catch(() => {
        // the daemon side may fail in any way it likes: the session runs on, alone
      });
  };
  // claude goes first: its first output, or a moment without any
  void Promise.race([nextOutput(startDaemonAfterMs), pty.exited]).then(startDaemon);

  const exit = await pty.exited;
  ended = true;
  closeDaemonSide?.();
  signals.dispose();
  suspend.dispose();
  stdin.off('data', onInput).off('end', onGone).pause();
  stdout.off('drain', onDrain).off('resize', onResize);
  await flushed(stdout);
  if (exit.signal !== 0 || endsInAlternateScreen(ring.bytes())) resetTerminalModes(ring.bytes());
  restoreTerminal();
  return exit;
}

/** Resolves when everything written has reached the terminal, or the terminal is gone. */
function flushed(stdout: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stdout.destroyed || stdout.writableLength === 0) return resolve();
    stdout.once('error', () => resolve());
    stdout.write('', () => resolve());
  });
}
