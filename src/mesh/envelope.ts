/**
 * What machines say to each other: one JSON text and the signature of the machine that says it. Pure. Whoever runs the server can
 * drop such bytes, or send them again; it can neither make nor change them.
 */
import { createHash } from 'node:crypto';
import { fromPublic, fromSeed } from '@nats-io/nkeys';
import { isMachineName } from './machine-name.ts';

/** A server takes 1 MiB in one piece; a message's 256 KiB may double as JSON, and grow by a third where they are encrypted. */
export const maxEnvelopeBytes = 900 * 1024;

const version = 1;
const signatureBytes = 64;
const maxIdChars = 64;

/**
 * The first byte that is signed. It stands in no text: a server's challenge at the login, which is text, is signed with the same key,
 * and no server must be able to have an envelope signed that way.
 */
const notText = 0xff;

export interface Envelope {
  /** Of this piece: a second one with the same id is the same. */
  id: string;
  from: string;
  to: string;
  /** What it is, such as `mail`. */
  kind: string;
  /** When it was said, by the server's clock, in milliseconds since the epoch. */
  at: number;
  body: unknown;
}

/** Not taken, and why; never thrown for what a machine of the mesh has said itself. */
export class EnvelopeRefused extends Error {}

/** @param seed the sender's, of its NKEY */
export function signEnvelope({ id, from, to, kind, at, body }: Envelope, seed: string): Uint8Array {
  const text = Buffer.from(JSON.stringify({ v: version, id, from, to, kind, at, body }));
  const pair = fromSeed(new TextEncoder().encode(seed));
  try {
    return Buffer.concat([pair.sign(signed(text)), text]);
  } finally {
    pair.clear();
  }
}

/**
 * @param expected whose it must be: the name that the server let its sender publish under, that machine's public key, this machine
 * @throws EnvelopeRefused
 */
export function openEnvelope(bytes: Uint8Array, expected: { from: string; to: string; key: string }): Envelope {
  if (bytes.length > maxEnvelopeBytes) throw new EnvelopeRefused(`too large: ${bytes.length} bytes`);
  if (bytes.length <= signatureBytes) throw new EnvelopeRefused('too short');
  const text = bytes.subarray(signatureBytes);
  if (!isSignedBy(expected.key, text, bytes.subarray(0, signatureBytes))) {
    throw new EnvelopeRefused(`not signed by ${expected.from}`);
  }
  const { v, id, from, to, kind, at, body } = parse(text);
  if (v !== version) throw new EnvelopeRefused(`of version ${String(v).slice(0, 20)}: one of the two claudex is older`);
  if (from !== expected.from || to !== expected.to) throw new EnvelopeRefused('signed for another way');
  const isWhole =
    typeof id === 'string' &&
    id.length > 0 &&
    id.length <= maxIdChars &&
    typeof kind === 'string' &&
    /^[a-z-]{1,30}$/.test(kind) &&
    Number.isSafeInteger(at);
  if (!isWhole) throw new EnvelopeRefused('not in the form of an envelope');
  return { id, from: expected.from, to: expected.to, kind, at: at as number, body };
}

function isSignedBy(key: string, text: Uint8Array, signature: Uint8Array): boolean {
  try {
    return fromPublic(key).verify(signed(text), signature);
  } catch {
    return false; // no key, or none of this kind
  }
}

/** What the signature is over: short, because the library signs slowly. */
function signed(text: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([notText]), createHash('sha512').update(text).digest()]);
}

function parse(text: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    throw new EnvelopeRefused('no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new EnvelopeRefused('no JSON object');
  return value as Record<string, unknown>;
}

/** Where mail to a machine goes: JetStream keeps it. The last word is the sender's name, which the server lets nobody else use. */
export function mailSubject(to: string, from: string): string {
  return `claudex.mail.${to}.${from}`;
}

/** Where a machine is asked: it answers at once, or nobody does. */
export function askSubject(to: string, from: string): string {
  return `claudex.ask.${to}.${from}`;
}

/** Who has published there; undefined for a subject that is not of this machine's mail or questions. */
export function senderOfSubject(subject: string, own: string): string | undefined {
  const [root, what, to, from, ...more] = subject.split('.');
  if (root !== 'claudex' || (what !== 'mail' && what !== 'ask') || to !== own || more.length > 0) return undefined;
  return from !== undefined && isMachineName(from) ? from : undefined;
}
