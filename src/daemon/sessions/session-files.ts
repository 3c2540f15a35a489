/**
 * Watches the `sessions/` folders of claude's config dirs and tells of each file that appears, changes or goes.
 * No polling: fs.watch on the folder, or on its parent until claude has made it.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type ClaudeSessionFile, readSessionFile, sessionFilesDir } from '../../claude/session/session-file.ts';

import { guarded } from '../../process/guard.ts';
export type OnSessionFile = (configDir: string, pid: number, file: ClaudeSessionFile | undefined) => void;

export class SessionFiles {
  readonly #onFile: OnSessionFile;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onFile: OnSessionFile) {
    this.#onFile = onFile;
  }

  /** Starts watching a config dir (once) and reports what is there already. */
  watch(configDir: string): void {
    if (this.#watchers.has(configDir)) return;
    const dir = sessionFilesDir(configDir);
    if (this.#watchDir(configDir, dir)) this.scan(configDir);
    else this.#waitFor(configDir, dir);
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
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchDir(configDir: string, dir: string): boolean {
    try {
      const watcher = watch(dir, (event, name) => {
        if (name !== null) guarded('session file', () => this.#report(configDir, name));
        // the folder itself was removed: wait for the next one
        if (event === 'rename' && name === basename(dir)) this.#restart(configDir);
      });
      watcher.on('error', () => this.#restart(configDir));
      this.#watchers.set(configDir, watcher);
      return true;
    } catch {
      return false; // no such folder yet
    }
  }

  /** Watches the nearest parent that exists until `dir` is there. */
  #waitFor(configDir: string, dir: string): void {
    let parent = dirname(dir);
    for (;;) {
      try {
        const watcher = watch(parent, () => {
          watcher.close();
          this.#watchers.delete(configDir);
          this.watch(configDir);
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.set(configDir, watcher);
        // it may have come between the failed watch and this one
        if (parent === dirname(dir) && this.#exists(dir)) this.#restart(configDir);
        return;
      } catch {
        if (parent === dirname(parent)) return;
        parent = dirname(parent);
      }
    }
  }

  #exists(dir: string): boolean {
    try {
      readdirSync(dir);
      return true;
    } catch {
      return false; // still not there
    }
  }

  #restart(configDir: string): void {
    this.#watchers.get(configDir)?.close();
    this.#watchers.delete(configDir);
    this.watch(configDir);
  }

  #report(configDir: string, name: string): void {
    const match = /^(\d+)\.json$/.exec(basename(name));
    if (!match) return;
    const pid = Number(match[1]);
    this.#onFile(configDir, pid, readSessionFile(configDir, pid));
  }
}
