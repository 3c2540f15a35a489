/** Public keys of machines by name, in a file of this machine's own. Loads nothing of NATS. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../home/replace-file.ts';
import { meshPaths, readJson } from './mesh-files.ts';

export type Keys = Record<string, string>;

export class KeyFile {
  readonly #path: string;

  /** @param fileName in the mesh's folder */
  constructor(env: NodeJS.ProcessEnv, fileName: string) {
    this.#path = join(meshPaths(env).folder, fileName);
  }

  /** As the file is now. */
  read(): Keys {
    // a machine may be called `constructor`
    const keys = Object.create(null) as Keys;
    const value = readJson<unknown>(this.#path);
    for (const [name, key] of Object.entries(value ?? {})) if (typeof key === 'string') keys[name] = key;
    return keys;
  }

  /** Replaces the file whole. */
  write(keys: Keys): void {
    replaceFile(this.#path, JSON.stringify(keys, null, 2), { mode: 0o600 });
  }

  put(name: string, key: string): void {
    this.write({ ...this.read(), [name]: key });
  }

  /** False where there was none. */
  drop(name: string): boolean {
    const { [name]: key, ...others } = this.read();
    if (key !== undefined) this.write(others);
    return key !== undefined;
  }

  /** Names mean other machines in another mesh. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
