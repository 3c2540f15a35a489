/** Runs this checkout's built `claudex`, with or without a terminal. */
import { claudexBin } from './claudex-bin.ts';
import { type PtyDriver, type PtyOptions, startInPty } from './pty-driver.ts';
import { type RunOptions, type RunResult, run } from './run-command.ts';

export { claudexBin, fixture, repositoryRoot } from './claudex-bin.ts';

/** Runs `claudex <args>` to its end, without a terminal. */
export function runClaudex(args: readonly string[], options: RunOptions): Promise<RunResult> {
  return run(process.execPath, [claudexBin, ...args], options);
}

/** Starts `claudex <args>` in a terminal. */
export function startClaudex(args: readonly string[], options: PtyOptions): PtyDriver {
  return startInPty(process.execPath, [claudexBin, ...args], options);
}
