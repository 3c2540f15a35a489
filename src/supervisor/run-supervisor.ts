/**
 * One running claude: wires the outer terminal, the pty, the input lane and the line to the daemon. Wiring only.
 * Claude is started first; whatever is slow (the HTTP client, settings) is loaded while it boots.
 */

import { steadyNow } from '../process/clock.ts';
import { namedDescriptors } from '../process/descriptors.ts';
import { InputLane } from '../runner/input-lane.ts';
import { PersonKeys } from '../runner/person-keys.ts';
import { LocalTty } from '../terminal/local-tty.ts';
import { OutputRing } from '../terminal/output-ring.ts';
import { loadNodePty } from '../terminal/pty/load-node-pty.ts';
import { type Pty, type PtyExit, spawnPty } from '../terminal/pty/spawn-pty.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { forwardSignals } from './endings.ts';
import { InputHold } from './input-hold.ts';
import { withOwnErrors } from './redirect-stderr.ts';
import { Suspend } from './suspend.ts';

/** The daemon side is loaded after claude's first output, or after this long without one. */
const startDaemonAfterMs = 300;

export interface SupervisorOptions {
  /** Path of claude. */
  file: string;
  args: readonly string[];
  cwd: string;
  /** Claude's environment. */
  env: Record<string, string>;
  /** The environment claudex itself was given. */
  ownEnv: NodeJS.ProcessEnv;
}

/**
 * Runs claude between our own standard input and output, which must be terminals, until it ends; the terminal is restored
 * when this resolves.
 * @throws ClaudexError PTY_UNAVAILABLE, NO_PSEUDO_TERMINAL, with nothing changed yet
 */
export async function runSupervisor(options: SupervisorOptions): Promise<PtyExit> {
  const library = loadNodePty();
  const calls = loadTtyCalls();
  let pty: Pty;
  const tty = new LocalTty(calls, {
    onInput: (bytes) => {
      // on its way first: what it means is worked out while claude reads it
      if (!lane.fromPerson(bytes)) tty.pauseInput();
      personKeys.take(bytes, steadyNow());
      suspend.keys(bytes);
      onKeys?.();
    },
    onWritable: () => pty.resume(),
    // a terminal that is gone (window closed) answers with EIO: SIGHUP follows and ends us in order
    onGone: () => pty.kill('SIGHUP'),
  });
  const ring = new OutputRing(tty.size());
  const personKeys = new PersonKeys();
  const leaving = new InputHold({
    modes: tty.modes,
    pauseInput: () => tty.pauseInput(),
    resumeInput: () => tty.resumeInput(),
  });
  let wakeOutputWaiter: (() => void) | undefined;

  for (const fd of namedDescriptors(options.args)) calls.handDown(fd);
  pty = spawnPty({
    library,
    ...withOwnErrors(options.file, options.args),
    cwd: options.cwd,
    env: options.env,
    size: tty.size(),
    settings: tty.settings,
    calls,
    onOutput: (bytes) => {
      if (!tty.write(bytes)) pty.pause();
      tty.modes.output(bytes);
      leaving.output();
      ring.output(bytes);
      wakeOutputWaiter?.();
      suspend.output(bytes);
    },
    onWritable: () => tty.resumeInput(),
  });
  tty.enterRawMode();
  const ahead = tty.typedAhead();
  if (ahead.length > 0) {
    pty.typedAhead(ahead);
    personKeys.take(ahead, steadyNow());
  }
  const signals = forwardSignals(pty);
  const lane = new InputLane(
    (bytes) => pty.write(bytes),
    // claude's answer to it comes from now on
    (late) => suspend.keys(late),
  );
  const onResize = (): void => {
    const size = tty.size();
    ring.resized(size);
    pty.resize(size);
  };
  const suspend = new Suspend({
    pty,
    type: (keys) => lane.fromPerson(keys),
    flushed: () => tty.flushed(),
    releaseTerminal: () => {
      leaving.stopped();
      tty.leaveRawMode();
    },
    takeTerminal: () => {
      tty.enterRawMode();
      leaving.continued();
      onResize();
    },
    now: steadyNow,
  });
  let onKeys: (() => void) | undefined;
  tty.resumeInput();
  // not the stream's own event: it comes for changes in cells only
  process.on('SIGWINCH', onResize);

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
    import('../runner/daemon-connection.ts')
      .then(({ connectToDaemon }) => {
        if (ended) return;
        const side = connectToDaemon({
          env: options.ownEnv,
          claudePid: pty.pid,
          keys: personKeys,
          ring,
          lane,
          nextOutput,
          unread: () => pty.unread(),
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

  // a bug of ours ends the session in order: terminal first, then claude is hung up, then the error is told
  const crash = new Promise<never>((_, reject) => process.once('uncaughtException', reject));
  const exit = await Promise.race([pty.exited, crash]).catch((error: unknown) => {
    tty.restoreNow();
    pty.kill('SIGHUP');
    throw error;
  });
  ended = true;
  closeDaemonSide?.();
  suspend.dispose();
  leaving.dispose();
  process.removeListener('SIGWINCH', onResize);
  tty.pauseInput();
  tty.undoModes(exit.signal !== 0);
  // a terminal that is stopped is waited for, until a signal and its grace say otherwise
  await Promise.race([tty.flushed(), signals.overdue]);
  tty.leaveRawMode();
  signals.dispose();
  return exit;
}
