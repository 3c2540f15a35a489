/** `claudex uninstall --purge`: CLAUDEX_HOME away, but nothing in it that is not provably ours. */
import { existsSync, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ClaudexError } from '../src/errors/claudex-error.ts';
import { packageRoot } from '../src/home/package.ts';
import { type ClaudexPaths, claudeConfigDir, userHome } from '../src/home/paths.ts';
import { removeEmptyFolder } from './hook-scripts.ts';

/**
 * Makes sure CLAUDEX_HOME may be removed; a missing one may.
 * @throws ClaudexError HOME_NOT_PRIVATE for a link, somebody else's folder, one without our files, or one around the user's own things.
 */
export function requirePurgeable(paths: ClaudexPaths, env: NodeJS.ProcessEnv): void {
  const { home } = paths;
  const refuse = (why: string) => new ClaudexError('HOME_NOT_PRIVATE', `${home} is not removed: ${why}.`);
  const stat = lstatSync(home, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) throw refuse('it is not a plain folder');
  if (process.getuid && stat.uid !== process.getuid()) throw refuse(`it belongs to uid ${stat.uid}`);
  const real = realpathSync(home);
  for (const kept of [userHome(env), userHome({}), claudeConfigDir(env), packageRoot()]) {
    if (existsSync(kept) && `${realpathSync(kept)}${sep}`.startsWith(real === sep ? sep : `${real}${sep}`)) {
      throw refuse(`${kept} is in it`);
    }
  }
  const certain = [
    paths.installRecord,
    paths.journal,
    paths.lock,
    paths.socketAddress,
    join(paths.hooks, 'claudex-hook'),
  ];
  if (!certain.some((path) => existsSync(path))) throw refuse('no file in it is known to be of claudex');
}

/** Removes everything of ours in CLAUDEX_HOME, then the folder. What is not ours stays, and is named in the notes returned. */
export function purgeHome(paths: ClaudexPaths): string[] {
  const { home } = paths;
  const ours = Object.values(paths)
    .map((path) => relative(home, path).split(sep)[0]!)
    .filter((name) => name !== '' && name !== '..');
  // `journal.ndjson.1`, `config.json.tmp-…`: rotated and half-written ones
  const isOurs = (name: string) => ours.some((known) => name === known || name.startsWith(`${known}.`));
  const strangers: string[] = [];
  for (const name of existsSync(home) ? readdirSync(home) : []) {
    if (isOurs(name)) rmSync(join(home, name), { recursive: true, force: true });
    else strangers.push(name);
  }
  removeEmptyFolder(home);
  if (strangers.length === 0) return [];
  return [`${home} stays: ${strangers.join(', ')} ${strangers.length === 1 ? 'is' : 'are'} not of claudex.`];
}
