/** Targets that are paths. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { userHome } from '../home/paths.ts';

/** Paths become absolute and real here: the daemon runs in another folder. */
export function pathTarget(target: string): string {
  const isPath = target === '.' || target === '..' || target.includes('/') || target === '~';
  if (!isPath) return target;
  const expanded = target === '~' || target.startsWith('~/') ? `${userHome()}${target.slice(1)}` : target;
  const absolute = resolve(expanded);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute; // a folder that is not there yet (--hold), or one that is gone
  }
}
