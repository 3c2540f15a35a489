/**
 * Watches the `sessions/` folders of claude's config dirs and tells of each file that appears, changes or goes.
 * No polling: fs.watch on the folder, or on its parent until claude has made it.
 */
import { existsSync, type FSWatcher, readdirSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type ClaudeSessionFile, readSessionFile, sessionFilesDir } from '../../claude/session/session-file.ts';
import { systemErrorCode } from '../../errors/claudex-error.ts';
import { guarded, reportOnce } from '../../process/guard.ts';

export type OnSessionFile = (configDir: string, pid: number, file: ClaudeSessionFile | undefined) => void;

/** Where nothing can be watched (no inotify left), the folder is read this often. */
const unwatchedMs = 2000;

export class SessionFiles {
  readonly #onFile: OnSessionFile;
  readonly #watchers = new Map<string, { close(): void }>();

  constructor(onFile: OnSessionFile) {
    this.#onFile = onFile;
  }

  /** Starts watching a config dir (once) and reports what is there already. */
  watch(configDir: string): void {
    if (this.#watchers.has(configDir)) return;
    const dir = sessionFilesDir(configDir);
    try {
      this.#watchers.set(configDir, this.#watchDir(configDir, dir) ?? this.#watchAbove(configDir, dir));
    } catch (error) {
      reportOnce('session files cannot be watched, so they are looked at', error);
      const timer = setTimeout(() => this.#restart(configDir), unwatchedMs);
      this.#watchers.set(configDir, { close: () => clearTimeout(timer) });
    }
    // what was there before, and what has come between a failed watch and the next one
    this.scan(configDir);
  }

  get watchedCount(): number {
    return this.#watchers.size;
  }

  /** Nobody needs that config dir any more. */
  release(configDir: string): void {
    this.#watchers.get(configDir)?.close();
    this.#watchers.delete(configDir);
  }

  /** Reads every session file of a config dir now. */
  scan(configDir: string): void {
    let names: string[];
    try {
      names = readdirSync(sessionFilesDir(configDir));
    } catch {
      return; // claude has not made it yet
    }
    for (const name of names) guarded('session file', () => this.#report(configDir, name));
  }

  close(): void {
    for (const configDir of [...this.#watchers.keys()]) this.release(configDir);
  }

  /** Undefined when there is no such folder. @throws the system's error when it cannot be watched */
  #watchDir(configDir: string, dir: string): FSWatcher | undefined {
    return watchIfThere(dir, (event, name) => {
      if (name !== null) guarded('session file', () => this.#report(configDir, name));
      // the folder itself was removed: wait for the next one
      if (event === 'rename' && name === basename(dir)) this.#restart(configDir);
    })?.on('error', () => this.#restart(configDir));
  }

  /** Watches the nearest folder above that exists, until `dir` is there. @throws as #watchDir */
  #watchAbove(configDir: string, dir: string): { close(): void } {
    for (let above = dirname(dir); ; above = dirname(above)) {
      const watcher = watchIfThere(above, () => this.#restart(configDir));
      watcher?.on('error', () => watcher.close());
      // it may have come between the failed watch and this one
      if (watcher && above === dirname(dir) && existsSync(dir)) {
        watcher.close();
        const own = this.#watchDir(configDir, dir);
        if (own) return own;
      } else if (watcher || above === dirname(above)) {
        return watcher ?? { close: () => undefined };
      }
    }
  }

  #restart(configDir: string): void {
    this.release(configDir);
    this.watch(configDir);
  }

  #report(configDir: string, name: string): void {
    const match = /^(\d+)\.json$/.exec(basename(name));
    if (!match) return;
    const pid = Number(match[1]);
    this.#onFile(configDir, pid, readSessionFile(configDir, pid));
  }
}

/** Undefined when there is no such folder. @throws the system's error when it cannot be watched */
function watchIfThere(dir: string, listener: (event: string, name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(dir, listener);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
