/**
 * What a body looks like that only its receiver can read. The key comes from both machines' NKEYS: X25519 of the same two keys that sign,
 * HKDF-SHA-256, XChaCha20-Poly1305 with a nonce of its own for each body. Whoever runs the server sees who writes to whom, when and how much. Pure.
 */

import { randomBytes } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Envelope, EnvelopeRefused } from './envelope.ts';

const nonceBytes = 24;
const version = 'claudex mesh body 1';
/** As many machines as anybody has, in both directions. */
const maxKeys = 2000;

/** Two ends of a way: what one seals the other opens, with the same key. */
export interface Way {
  /** The seed of our own NKEY. */
  seed: string;
  /** Ours, and the other machine's. */
  own: string;
  theirs: string;
}

interface Sealed {
  sealed: string;
}

export function isSealed(body: unknown): body is Sealed {
  return typeof (body as Sealed | null)?.sealed === 'string' && Object.keys(body as object).length === 1;
}

/** The body as the server is to see it. What the envelope says beside it cannot be changed without the seal breaking. */
export function seal(envelope: Envelope, way: Way): Sealed {
  const nonce = randomBytes(nonceBytes);
  const text = Buffer.from(JSON.stringify(envelope.body));
  const key = keyOf(way, way.own, way.theirs);
  const bytes = xchacha20poly1305(key, nonce, around(envelope)).encrypt(text);
  return { sealed: Buffer.concat([nonce, bytes]).toString('base64') };
}

/** @throws EnvelopeRefused */
export function unseal(envelope: Envelope, way: Way): unknown {
  const bytes = Buffer.from((envelope.body as Sealed).sealed, 'base64');
  const key = keyOf(way, way.theirs, way.own);
  try {
    const cipher = xchacha20poly1305(key, bytes.subarray(0, nonceBytes), around(envelope));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(cipher.decrypt(bytes.subarray(nonceBytes))));
  } catch {
    throw new EnvelopeRefused('it cannot be decrypted');
  }
}

function around({ id, from, to, kind, at }: Envelope): Uint8Array {
  return Buffer.from(JSON.stringify([id, from, to, kind, at]));
}

const keys = new Map<string, Uint8Array>();

/** One for each direction. */
function keyOf({ seed, own, theirs }: Way, from: string, to: string): Uint8Array {
  const name = `${own} ${from} ${to}`;
  const known = keys.get(name);
  if (known) return known;
  const secret = ed25519.utils.toMontgomerySecret(rawSeed(seed));
  const shared = x25519.getSharedSecret(secret, ed25519.utils.toMontgomery(rawPublic(theirs)));
  const key = hkdf(sha256, shared, undefined, Buffer.from(`${version}\n${from}\n${to}`), 32);
  if (keys.size >= maxKeys) keys.clear();
  keys.set(name, key);
  return key;
}

/** The 32 bytes behind two bytes that say what kind of seed it is. */
function rawSeed(seed: string): Uint8Array {
  return fromBase32(seed).subarray(2, 34);
}

/** The 32 bytes behind one that says whose key it is. */
function rawPublic(key: string): Uint8Array {
  return fromBase32(key).subarray(1, 33);
}

function fromBase32(text: string): Uint8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const letter of text) {
    value = ((value << 5) | alphabet.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}
