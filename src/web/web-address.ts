/** Where this home's web servers listen: each writes it, the commands that make links read it. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { replaceFile } from '../home/replace-file.ts';
import { isAlive } from '../process/identity.ts';

/** This process serves there, until what is returned is called. One that is started beside it has a file of its own. */
export function noteAddress(env: NodeJS.ProcessEnv, url: string): () => void {
  const folder = folderOf(env);
  ensurePrivateDir(folder);
  for (const { pid, path } of written(folder)) if (!isAlive(pid)) rmSync(path, { force: true });
  const path = join(folder, `${process.pid}.json`);
  replaceFile(path, `${JSON.stringify({ url })}\n`);
  return () => rmSync(path, { force: true });
}

/** That of the one that was started last. @throws ClaudexError WEB_NOT_RUNNING */
export function webAddress(env: NodeJS.ProcessEnv): string {
  const newestFirst = written(folderOf(env)).sort((a, b) => b.atMs - a.atMs);
  for (const { pid, path } of newestFirst) {
    if (!isAlive(pid)) continue;
    try {
      return (JSON.parse(readFileSync(path, 'utf8')) as { url: string }).url;
    } catch {
      // it has just ended
    }
  }
  throw new ClaudexError('WEB_NOT_RUNNING');
}

function folderOf(env: NodeJS.ProcessEnv): string {
  return join(claudexPaths(env).web, 'servers');
}

function written(folder: string): Array<{ pid: number; path: string; atMs: number }> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // none was ever started
  }
  return names.flatMap((name) => {
    const pid = /^(\d+)\.json$/.exec(name)?.[1];
    const path = join(folder, name);
    return pid === undefined
      ? []
      : [{ pid: Number(pid), path, atMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }];
  });
}
