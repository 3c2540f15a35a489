/** Starts a claude for a host: on a terminal that is nobody's. */
import { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { SharedScreen } from '../runner/viewers/shared-screen.ts';
import { OutputRing } from '../terminal/output-ring.ts';
import { loadNodePty } from '../terminal/pty/load-node-pty.ts';
import { spawnPty } from '../terminal/pty/spawn-pty.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';

/** Claude's screen until a viewer says how large its terminal is. */
const firstSize = { cols: 120, rows: 40, pixelWidth: 0, pixelHeight: 0 };

export interface StartClaudeOptions {
  id: string;
  cwd: string;
  /** Path of claude. */
  file: string;
  args: readonly string[];
  /** Claude's environment. */
  env: Record<string, string>;
  socketPath: string;
}

/** @throws ClaudexError PTY_UNAVAILABLE, NO_PSEUDO_TERMINAL */
export function startClaude(options: StartClaudeOptions): { claude: ClaudeOnPty; screen: SharedScreen } {
  const { id, cwd, file, args, env, socketPath } = options;
  const [library, calls] = [loadNodePty(), loadTtyCalls()];
  const claude = new ClaudeOnPty({
    args,
    ring: new OutputRing(firstSize),
    open: (io) => spawnPty({ library, file, args, cwd, env, size: firstSize, settings: undefined, calls, ...io }),
  });
  return { claude, screen: new SharedScreen({ claude, welcome: { id, cwd }, socketPath }) };
}
