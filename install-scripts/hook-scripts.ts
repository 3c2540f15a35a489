/** Our copies of the hook scripts below CLAUDEX_HOME: the entries name these, so they outlive a moved package. */
import { existsSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../src/errors/claudex-error.ts';
import { packageRoot } from '../src/home/package.ts';
import type { ClaudexPaths } from '../src/home/paths.ts';
import { ensurePrivateDir } from '../src/home/private-folder.ts';
import { replaceFile } from '../src/home/replace-file.ts';
import { isOwnStarter, isStarterUsable, writeStarter } from '../src/home/starter.ts';

/** Every script of `hooks/` in the package. */
export const hookScripts = ['claudex-hook', 'claudex-hook-node.cjs', 'claudex-statusline'] as const;

const mode = 0o755;

/** The scripts whose copy in `hooksDir` is missing, of another version, or not executable. */
function staleHookScripts(hooksDir: string): string[] {
  return hookScripts.filter((name) => {
    const copy = join(hooksDir, name);
    const stat = statSync(copy, { throwIfNoEntry: false });
    return !stat || (stat.mode & 0o777) !== mode || !readFileSync(copy).equals(readFileSync(packaged(name)));
  });
}

/**
 * True when there are copies, but of another claudex than this one, or they could not start a daemon: it was replaced and not
 * installed again.
 */
export function hasOtherHookScripts({ hooks, starter }: ClaudexPaths): boolean {
  if (!existsSync(join(hooks, hookScripts[0]))) return false;
  return staleHookScripts(hooks).length > 0 || !isStarterUsable(starter);
}

/** True when `ensureHookScripts` would change something. */
export function areHookScriptsStale({ hooks, starter }: ClaudexPaths): boolean {
  return staleHookScripts(hooks).length > 0 || !isOwnStarter(starter);
}

/** Brings the copies up to date, each replaced in one step: a running hook keeps the one it has open. */
export function ensureHookScripts({ hooks: hooksDir, starter }: ClaudexPaths): void {
  ensurePrivateDir(hooksDir);
  writeStarter(starter);
  for (const name of staleHookScripts(hooksDir)) {
    replaceFile(join(hooksDir, name), readFileSync(packaged(name)), { mode });
  }
}

/** Removes the copies, and the folder when nothing else is in it. */
export function removeHookScripts({ hooks: hooksDir, starter }: ClaudexPaths): void {
  rmSync(starter, { force: true });
  for (const name of hookScripts) rmSync(join(hooksDir, name), { force: true });
  removeEmptyFolder(hooksDir);
}

/** Removes a folder that is there, empty, and not a link; leaves any other alone. */
export function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}

function packaged(name: string): string {
  return join(packageRoot(), 'hooks', name);
}
