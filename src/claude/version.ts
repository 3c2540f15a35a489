/** Which version a claude is. */
import { execFileSync } from 'node:child_process';

/** `claude --version` as `2.1.330`, or null when it does not answer within `timeoutMs`. Runs the binary: not for hot paths. */
export function claudeVersion(path: string, timeoutMs = 10_000): string | null {
  try {
    const text = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: timeoutMs,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? null;
  } catch {
    return null; // not runnable here: reported by `status` as a problem
  }
}
