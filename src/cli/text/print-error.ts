/** How every error looks on stderr: what happened, the facts, the fix. */
import type { ClaudexError } from '../../errors/claudex-error.ts';
import { oneLine, printable } from '../../protocol/sanitise.ts';

/** The facts name folders and what others have written: they cannot act on the terminal, nor pass for the line below. */
export function printError(
  error: ClaudexError,
  write: (text: string) => void = (text) => process.stderr.write(text),
): void {
  write(errorText(error));
  if (error.code === 'INTERNAL' && error.cause instanceof Error) write(`${printable(error.cause.stack ?? '')}\n`);
}

/** An error's lines, the newline at the end included; details are indented, so that none passes for a line of ours. */
export function errorText({
  message,
  fix,
  details = [],
}: Pick<ClaudexError, 'message' | 'fix'> & Partial<Pick<ClaudexError, 'details'>>): string {
  const places = details.map((one) => `  ${oneLine(one)}\n`).join('');
  return `claudex: ${oneLine(message)}\n${places}Fix: ${oneLine(fix)}\n`;
}
