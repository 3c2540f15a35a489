/** Lists that we keep in the claudex folder as JSON: `{"version":1,"<name>":[…]}`. What a file holds never stops whoever reads it. */
import { readFileSync, renameSync } from 'node:fs';
import { systemErrorCode } from '../errors/claudex-error.ts';
import { reportOnce } from '../process/guard.ts';

/**
 * The entries of the list that `parse` takes; none when there is no such file. A file of another shape is set aside as
 * `<path>.damaged` and reported; so is one with entries that `parse` refuses, whose others are used.
 */
export function readKeptList<T>(path: string, name: string, parse: (entry: unknown) => T | undefined): T[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') reportOnce(`unreadable ${path}`, error);
    return [];
  }
  const entries = listIn(text, name);
  const taken = (entries ?? []).map(parse).filter((one) => one !== undefined);
  if (taken.length !== entries?.length) setAside(path, entries ? entries.length - taken.length : undefined);
  return taken;
}

function listIn(text: string, name: string): unknown[] | undefined {
  try {
    const list = (JSON.parse(text) as Record<string, unknown> | null)?.[name];
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined; // no JSON
  }
}

function setAside(path: string, refused: number | undefined): void {
  const what = refused === undefined ? 'another shape' : `${refused} entries of another shape`;
  reportOnce(`damaged ${path}`, `${path} has ${what}; it is kept as ${path}.damaged`);
  try {
    renameSync(path, `${path}.damaged`);
  } catch (error) {
    reportOnce(`cannot set aside ${path}`, error);
  }
}
