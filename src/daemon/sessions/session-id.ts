/** What claudex calls a session. */
import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Eight characters, first one a letter: never mistaken for a pid or an option. */
export function newSessionId(): string {
  const id = Array.from(randomBytes(8), (byte) => alphabet[byte & 31]).join('');
  return /^[a-z]/.test(id) ? id : newSessionId();
}
