/** What a machine may be called: the name is a word of a subject, of a key and of `name@machine`. */
import { hostname } from 'node:os';
import { ClaudexError } from '../errors/claudex-error.ts';

const shape = /^[a-z0-9][a-z0-9_-]{0,39}$/;

/** Words that the settings `mesh.…` have for several machines. */
const words = ['all', 'none', 'trusted'];

export function isMachineName(name: string): boolean {
  return shape.test(name) && !words.includes(name);
}

/** @throws ClaudexError USAGE */
export function checkMachineName(name: string): string {
  if (isMachineName(name)) return name;
  throw new ClaudexError(
    'USAGE',
    `A machine's name is 1 to 40 of a-z, 0-9, "-" and "_", and begins with a letter or digit (all, none and trusted are none): not ${JSON.stringify(name)}.`,
  );
}

/** This machine's own name without its domain, in the letters that a name may have. */
export function defaultMachineName(host: string = hostname()): string {
  const name = host
    .split('.')[0]!
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 40);
  return name === '' ? 'machine' : name;
}
