/** The machines that are one's own: the public key of each, pinned on this machine. Loads nothing of NATS. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../home/replace-file.ts';
import { meshPaths, readJson } from './mesh-files.ts';

/** By name: the key that a machine had when it was trusted. */
export type TrustedKeys = Record<string, string>;

function trustFile(env: NodeJS.ProcessEnv): string {
  return join(meshPaths(env).folder, 'trusted.json');
}

export function readTrusted(env: NodeJS.ProcessEnv): TrustedKeys {
  const value = readJson<unknown>(trustFile(env));
  // a machine may be called `constructor`
  const trusted = Object.create(null) as TrustedKeys;
  for (const [name, key] of Object.entries(value ?? {})) if (typeof key === 'string') trusted[name] = key;
  return trusted;
}

export function pinKey(env: NodeJS.ProcessEnv, name: string, key: string): void {
  writeTrusted(env, { ...readTrusted(env), [name]: key });
}

/** False where it was not trusted. */
export function unpinKey(env: NodeJS.ProcessEnv, name: string): boolean {
  const { [name]: key, ...others } = readTrusted(env);
  if (key !== undefined) writeTrusted(env, others);
  return key !== undefined;
}

/** Names mean other machines in another mesh. */
export function forgetTrusted(env: NodeJS.ProcessEnv): void {
  rmSync(trustFile(env), { force: true });
}

/** Compared before anything that a machine has signed is taken for its own. */
export function trustIn(trusted: TrustedKeys, name: string, key: string): { isTrusted: boolean; hasOtherKey: boolean } {
  const pinned = trusted[name];
  return { isTrusted: pinned === key && key !== '', hasOtherKey: pinned !== undefined && pinned !== key };
}

/** A public key for people to compare: eight groups of four letters and digits. */
export function fingerprint(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex').slice(0, 32).toUpperCase();
  return hex.match(/.{4}/g)!.join('-');
}

/** However it is written: with or without dashes, large or small. */
export function isFingerprintOf(text: string, key: string): boolean {
  const plain = (one: string): string => one.replace(/[\s-]/g, '').toUpperCase();
  return plain(text) === plain(fingerprint(key));
}

function writeTrusted(env: NodeJS.ProcessEnv, trusted: TrustedKeys): void {
  replaceFile(trustFile(env), JSON.stringify(trusted, null, 2), { mode: 0o600 });
}
