/**
 * The public key that each machine had when it was first seen from here, as ssh keeps those of hosts. The bucket alone proves nothing:
 * a machine that was let in can have JetStream write over another one's record (docs/mesh.md, "Who sees what").
 */
import { KeyFile, type Keys } from './key-file.ts';

/** A person changes it by `claudex mesh trust` and `untrust`, while the bridge runs. */
export function keysFile(env: NodeJS.ProcessEnv): KeyFile {
  return new KeyFile(env, 'known-keys.json');
}

export class KnownKeys {
  readonly #file: KeyFile;
  readonly #fresh = new Map<string, string>();
  #keys: Keys;

  constructor(env: NodeJS.ProcessEnv) {
    this.#file = keysFile(env);
    this.#keys = this.#file.read();
  }

  /** True where that is the key that the machine is known by; it is from now on where none was known. */
  is(name: string, key: string): boolean {
    if (this.#keys[name] !== undefined && this.#keys[name] !== key) this.#keys = this.#file.read();
    const known = this.#keys[name] ?? this.#fresh.get(name);
    if (known !== undefined) return known === key;
    this.#fresh.set(name, key);
    return true;
  }

  of(name: string): string | undefined {
    return this.#keys[name] ?? this.#fresh.get(name);
  }

  /** Writes down what has come since. */
  save(): void {
    if (this.#fresh.size === 0) return;
    this.#file.write({ ...Object.fromEntries(this.#fresh), ...this.#file.read() });
    this.#keys = this.#file.read();
    this.#fresh.clear();
  }
}
