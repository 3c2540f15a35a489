/** The machines that are one's own: the public key of each, pinned on this machine. Loads nothing of NATS. */
import { createHash } from 'node:crypto';
import { KeyFile, type Keys } from './key-file.ts';

/** By name: the key that a machine had when it was trusted. */
export function trustedKeys(env: NodeJS.ProcessEnv): KeyFile {
  return new KeyFile(env, 'trusted.json');
}

export function readTrusted(env: NodeJS.ProcessEnv): Keys {
  return trustedKeys(env).read();
}

/** Compared before anything that a machine has signed is taken for its own. */
export function trustIn(trusted: Keys, name: string, key: string): { isTrusted: boolean; hasOtherKey: boolean } {
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
