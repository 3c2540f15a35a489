/** Goes on with a claude that a claudex in somebody's terminal has started: everything of it, from the next byte on. */
import type { HandOver } from '../protocol/hand-over.ts';
import { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { SharedScreen } from '../runner/viewers/shared-screen.ts';
import { OutputRing } from '../terminal/output-ring.ts';
import { holdPty } from '../terminal/pty/held-pty.ts';
import { processEnd } from '../terminal/pty/process-end.ts';
import { type ModesState, TerminalModes } from '../terminal/terminal-modes.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';

export interface TakeOverOptions {
  given: HandOver;
  /** The two ends of its terminal, as descriptors of ours. */
  master: number;
  slave: number;
  socketPath: string;
}

/** Reads and writes nothing yet. @throws ClaudexError PTY_UNAVAILABLE */
export function takeOver(options: TakeOverOptions): { claude: ClaudeOnPty; screen: SharedScreen } {
  const { given, master, slave, socketPath } = options;
  const { id, cwd, args, claude: one } = given;
  const calls = loadTtyCalls();
  const events = given.screen.events.map((event) => (typeof event === 'string' ? Buffer.from(event, 'base64') : event));
  const claude = new ClaudeOnPty({
    args,
    ring: OutputRing.of({ size: given.screen.size, events }),
    open: (io) => holdPty({ pid: one.pid, master, slave, ended: processEnd(one), settings: undefined, calls, ...io }),
  });
  // first of all that is typed from now on
  claude.pty.write(Buffer.from(given.unwritten, 'base64'));
  const screen = new SharedScreen({
    claude,
    welcome: { id, cwd },
    socketPath,
    modes: () => TerminalModes.of(given.modes as ModesState),
    ...(given.drawn !== null && { drawn: Buffer.from(given.drawn, 'base64') }),
  });
  return { claude, screen };
}
