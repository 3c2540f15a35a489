/** How every error looks on stderr: what happened, the facts, the fix. */
import type { ClaudexError } from '../../errors/claudex-error.ts';

export function printError(
  error: ClaudexError,
  write: (text: string) => void = (text) => process.stderr.write(text),
): void {
  write(`claudex: ${error.message}\nFix: ${error.fix}\n`);
  if (error.code === 'INTERNAL' && error.cause instanceof Error) write(`${error.cause.stack ?? ''}\n`);
}
