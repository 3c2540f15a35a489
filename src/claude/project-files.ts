/**
 * Files that come with a folder somebody has cloned. Git holds links to devices, pipes and endless folders: what is read of a
 * project is read as plain files of a bounded size, and looked for in a bounded number of places.
 */
import { closeSync, constants, fstatSync, opendirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** More than any settings file that somebody has written by hand. */
const maxFileBytes = 4 * 1024 * 1024;
/** A link may lead to `/`. */
const maxDepth = 8;

/** The text of a plain file (a link to one counts); undefined where there is none, or where it is larger than 4 MiB. */
export function readProjectFile(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return undefined; // opening a device or a pipe may wait, or act
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      // it may have been exchanged since
      const stat = fstatSync(fd);
      return stat.isFile() && stat.size <= maxFileBytes ? readFileSync(fd, 'utf8') : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // not there, or not ours to read
  }
}

/** How many entries of folders may still be looked at. */
export interface LookBudget {
  entries: number;
}

/**
 * The entries below `dir`, folders included. `dir` may be a link; links to folders below it are not followed.
 * @param budget counted down; what lies beyond it is left out
 */
export function entriesBelow(dir: string, budget: LookBudget, depth = 0): string[] {
  const found: string[] = [];
  const folders: string[] = [];
  try {
    const open = opendirSync(dir);
    try {
      for (let entry = open.readSync(); entry !== null && budget.entries > 0; entry = open.readSync()) {
        budget.entries--;
        const path = join(dir, entry.name);
        found.push(path);
        if (entry.isDirectory()) folders.push(path);
      }
    } finally {
      open.closeSync();
    }
  } catch {
    return found; // not there, or not ours to look at
  }
  if (depth < maxDepth) for (const folder of folders) found.push(...entriesBelow(folder, budget, depth + 1));
  return found.sort();
}
