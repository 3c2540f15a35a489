/** Targets that are paths. */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { userHome } from '../home/paths.ts';
import { elsewhere } from './elsewhere.ts';

/**
 * Paths become absolute and real here: the daemon runs in another folder. On another machine only whole ones mean anything.
 * @throws ClaudexError FAR_PATH
 */
export function pathTarget(target: string): string {
  const isPath = target === '.' || target === '..' || target.includes('/') || target === '~';
  if (!isPath) return target;
  if (elsewhere()) {
    if (target.startsWith('/')) return target;
    throw new ClaudexError('FAR_PATH', `Asked for "${target}".`);
  }
  const expanded = target === '~' || target.startsWith('~/') ? `${userHome()}${target.slice(1)}` : target;
  const absolute = resolve(expanded);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute; // a folder that is not there yet (--hold), or one that is gone
  }
}

/**
 * The folder that a link in the current folder leads to, where `target` is such a link's name. For a name that nobody live has: the
 * session in that folder knows the folder's own name alone.
 */
export function linkTarget(target: string, cwd = process.cwd()): string | undefined {
  if (target === '' || target.includes('/') || elsewhere()) return undefined;
  const path = join(cwd, target);
  try {
    return lstatSync(path).isSymbolicLink() && statSync(path).isDirectory() ? realpathSync(path) : undefined;
  } catch {
    return undefined; // nothing is called that here, or the link leads nowhere
  }
}
