/** What a person may call a session. */
import { ClaudexError } from '../errors/claudex-error.ts';

const maxChars = 64;

/** @throws ClaudexError BAD_NAME */
export function checkSessionName(name: string): void {
  if (name.length > maxChars || !/^[a-z][\w.-]*$/i.test(name))
    throw new ClaudexError('BAD_NAME', `"${name.slice(0, 80)}".`);
}
