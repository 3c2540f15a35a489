/**
 * The public key that each machine had when it was first seen from here, as ssh keeps those of hosts. The bucket alone proves nothing:
 * a machine that was let in can have JetStream write over another one's record (docs/mesh.md, "Who sees what").
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../home/replace-file.ts';
import { meshPaths, readJson } from './mesh-files.ts';

type Keys = Record<string, string>;

export class KnownKeys {
  readonly #env: NodeJS.ProcessEnv;
  readonly #fresh = new Map<string, string>();
  #keys: Keys;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.#keys = read(env);
  }

  /** True where that is the key that the machine is known by; it is from now on where none was known. */
  is(name: string, key: string): boolean {
    if (this.#keys[name] !== undefined && this.#keys[name] !== key) this.#keys = { ...read(this.#env) };
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
    this.#keys = { ...Object.fromEntries(this.#fresh), ...read(this.#env) };
    write(this.#env, this.#keys);
    this.#fresh.clear();
  }
}

/** A person has compared it. */
export function knowKey(env: NodeJS.ProcessEnv, name: string, key: string): void {
  write(env, { ...read(env), [name]: key });
}

/** The next key that the machine shows is taken for its own. False where none was known. */
export function forgetKey(env: NodeJS.ProcessEnv, name: string): boolean {
  const { [name]: key, ...others } = read(env);
  if (key !== undefined) write(env, others);
  return key !== undefined;
}

/** Names mean other machines in another mesh. */
export function forgetKeys(env: NodeJS.ProcessEnv): void {
  rmSync(keysFile(env), { force: true });
}

function keysFile(env: NodeJS.ProcessEnv): string {
  return join(meshPaths(env).folder, 'known-keys.json');
}

function read(env: NodeJS.ProcessEnv): Keys {
  // a machine may be called `constructor`
  const keys = Object.create(null) as Keys;
  const value = readJson<unknown>(keysFile(env));
  for (const [name, key] of Object.entries(value ?? {})) if (typeof key === 'string') keys[name] = key;
  return keys;
}

function write(env: NodeJS.ProcessEnv, keys: Keys): void {
  replaceFile(keysFile(env), JSON.stringify(keys, null, 2), { mode: 0o600 });
}
