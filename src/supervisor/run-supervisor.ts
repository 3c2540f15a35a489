/**
 * A claude in the person's own terminal: raw mode and back, keys in and output out, Ctrl-Z, how it ends. Wiring only.
 * A part needs only what stands above it; who hears of what comes after all parts.
 */

import { steadyNow } from '../process/clock.ts';
import { namedDescriptors } from '../process/descriptors.ts';
import { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { forwardSignals } from '../runner/forward-signals.ts';
import { LocalTty } from '../terminal/local-tty.ts';
import { OutputRing } from '../terminal/output-ring.ts';
import { loadNodePty } from '../terminal/pty/load-node-pty.ts';
import { type PtyExit, spawnPty } from '../terminal/pty/spawn-pty.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { InputHold } from './input-hold.ts';
import { OutputRelay } from './output-relay.ts';
import { withOwnErrors } from './redirect-stderr.ts';
import { Suspend } from './suspend.ts';

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
  // the parts; claude is started before anything that can wait
  const library = loadNodePty();
  const calls = loadTtyCalls();
  const tty = new LocalTty(calls);
  for (const fd of namedDescriptors(options.args)) calls.handDown(fd);
  const { cwd, env } = options;
  const size = tty.size();
  const command = withOwnErrors(options.file, options.args);
  const claude = new ClaudeOnPty({
    args: options.args,
    ring: new OutputRing(size),
    open: (io) => spawnPty({ library, ...command, cwd, env, size, settings: tty.settings, calls, ...io }),
    onAsked: (what, id, socketPath) => (what === 'take-viewers' ? relay.share(id, socketPath) : Promise.resolve()),
  });
  const { pty } = claude;
  const relay = new OutputRelay({ claude, tty, cwd });
  tty.enterRawMode();
  const ahead = tty.typedAhead();
  if (ahead.length > 0) claude.typedAhead(ahead);
  const signals = forwardSignals(pty);
  const hold = new InputHold({
    modes: tty.modes,
    pauseInput: () => tty.pauseInput(),
    resumeInput: () => tty.resumeInput(),
  });
  const onResize = (): void => relay.resized();
  const suspend = new Suspend({
    pty,
    type: (keys) => claude.type(keys),
    flushed: () => relay.flushed(),
    releaseTerminal: () => {
      hold.stopped();
      tty.leaveRawMode();
    },
    takeTerminal: () => {
      tty.enterRawMode();
      hold.continued();
      onResize();
    },
    now: steadyNow,
  });

  // who hears of what, in this order; nothing has come yet, because all of this happens in one turn of the event loop
  tty.input.add((bytes) => {
    if (!claude.keys(bytes)) tty.pauseInput();
  });
  tty.input.add((bytes) => suspend.keys(bytes));
  tty.input.add((bytes) => relay.typed(bytes));
  claude.lateKeys.add((bytes) => suspend.keys(bytes));
  tty.writable.add(() => relay.writable());
  // a terminal that is gone (window closed) answers with EIO: SIGHUP follows and ends us in order
  tty.gone.add(() => pty.kill('SIGHUP'));
  claude.output.add((bytes) => relay.output(bytes));
  // the modes after the terminal has the bytes; whether claude gives the terminal up is read from them
  claude.output.add((bytes) => tty.modes.output(bytes));
  claude.output.add(() => hold.output());
  claude.output.add((bytes) => suspend.output(bytes));
  claude.writable.add(() => tty.resumeInput());
  // not the stream's own event: it comes for changes in cells only
  process.on('SIGWINCH', onResize);

  // up
  tty.resumeInput();
  claude.connectSoon(options.ownEnv);

  // a bug of ours ends the session in order: terminal first, then claude is hung up, then the error is told
  const crash = new Promise<never>((_, reject) => process.once('uncaughtException', reject));
  const exit = await Promise.race([pty.exited, crash]).catch((error: unknown) => {
    tty.restoreNow();
    pty.kill('SIGHUP');
    throw error;
  });

  // down
  claude.close();
  suspend.dispose();
  hold.dispose();
  process.removeListener('SIGWINCH', onResize);
  tty.pauseInput();
  // a terminal that is stopped is waited for, until a signal and its grace say otherwise
  await Promise.race([relay.ended(exit), signals.overdue]);
  tty.undoModes(exit.signal !== 0);
  await Promise.race([tty.flushed(), signals.overdue]);
  tty.leaveRawMode();
  signals.dispose();
  return exit;
}
