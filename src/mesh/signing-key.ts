/** The key that a machine signs with: the one that lets it in, where it has one of its own. */
import { readFileSync } from 'node:fs';
import { fromSeed } from '@nats-io/nkeys';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { Joined } from './mesh-files.ts';

export interface SigningKey {
  seed: string;
  publicKey: string;
}

/** Undefined where it has none: it has joined with a claudex that knew of no mail. @throws ClaudexError FILE_UNREADABLE */
export function signingKey({ nkey, creds, signing }: Joined): SigningKey | undefined {
  const seed = nkey ?? (creds === undefined ? signing : seedInCreds(creds));
  if (seed === undefined) return undefined;
  return { seed, publicKey: fromSeed(new TextEncoder().encode(seed)).getPublicKey() };
}

function seedInCreds(path: string): string | undefined {
  try {
    return /-BEGIN USER NKEY SEED-+\s+(SU[A-Z2-7]{56})\b/.exec(readFileSync(path, 'utf8'))?.[1];
  } catch (error) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
