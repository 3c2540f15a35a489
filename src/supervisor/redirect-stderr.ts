/** `claudex 2>file`: claude's errors go where the person has sent them, not into the terminal with everything else. */
import { accessSync, constants, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * The command that is `file` with our own standard error, where that is no terminal; a pty alone would put all three streams
 * into one. Where our descriptor cannot be opened again the errors stay in the terminal: elsewhere than on Linux, and as
 * another user than the one whose file or pipe it is (`sudo -u me claudex 2>file`).
 */
export function withOwnErrors(file: string, args: readonly string[]): { file: string; args: readonly string[] } {
  const ours = `/proc/${process.pid}/fd/2`;
  if (isatty(2) || !canBeOpened(ours) || fstatSync(2).isSocket()) return { file, args };
  return { file: '/bin/sh', args: ['-c', `exec "$0" "$@" 2>>${ours}`, file, ...args] };
}

function canBeOpened(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // expected: no /proc, closed, or not ours
  }
}
