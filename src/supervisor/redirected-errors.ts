/** `claudex 2>file`: claude's errors go where the person has sent them, not into the terminal with everything else. */
import { existsSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * The command that is `file` with our own standard error, where that is no terminal; a pty alone would put all three streams
 * into one. Linux only: elsewhere another process's descriptor cannot be opened, and the errors stay in the terminal.
 */
export function withOwnErrors(file: string, args: readonly string[]): { file: string; args: readonly string[] } {
  const ours = `/proc/${process.pid}/fd/2`;
  if (isatty(2) || !existsSync(ours) || fstatSync(2).isSocket()) return { file, args };
  return { file: '/bin/sh', args: ['-c', `exec "$0" "$@" 2>>${ours}`, file, ...args] };
}
