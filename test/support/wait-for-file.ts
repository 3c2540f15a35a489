/** Waiting for what other processes write into files: event-driven, through fs.watch. */
import { existsSync, type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** The text of `path`, or undefined while it does not exist. */
export function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Expected: not written yet, or removed already.
    return undefined;
  }
}

export interface WaitForFileOptions {
  /** 15 000 by default. */
  timeoutMs?: number;
  /** What is awaited, for the error message. */
  what?: string;
}

/**
 * Resolves with the first answer of `look` other than undefined and false; looks again whenever something in the folder of
 * `path` changes, also while that folder does not exist yet.
 * @throws Error with the file's text when `timeoutMs` have passed.
 */
export async function waitForFile<T>(
  path: string,
  look: (text: string | undefined) => T | undefined | false,
  options: WaitForFileOptions = {},
): Promise<T> {
  const { timeoutMs = 45_000, what = 'the awaited content' } = options;
  return await new Promise<T>((resolve, reject) => {
    let watcher: FSWatcher | undefined;
    let watched: string | undefined;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      watcher?.close();
      watcher = undefined;
      watched = 'finished';
      settle();
    };
    const nearestFolder = (): string => {
      let folder = dirname(path);
      while (!existsSync(folder)) folder = dirname(folder);
      return folder;
    };
    const check = (): void => {
      if (watched === 'finished') return;
      // Watch before looking, so that no change falls between the two.
      const folder = nearestFolder();
      if (folder !== watched) {
        watcher?.close();
        watched = folder;
        try {
          watcher = watch(folder, check);
          watcher.on('error', check);
        } catch {
          // The folder went away in between: look at its parent.
          watched = undefined;
          setImmediate(check);
          return;
        }
        if (nearestFolder() !== folder) setImmediate(check);
      }
      try {
        const answer = look(readIfExists(path));
        if (answer !== undefined && answer !== false) finish(() => resolve(answer));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(() => {
      const text = readIfExists(path);
      finish(() => reject(new Error(`${what} did not appear in ${path} within ${timeoutMs} ms; it holds:\n${text}`)));
    }, timeoutMs);
    check();
  });
}
