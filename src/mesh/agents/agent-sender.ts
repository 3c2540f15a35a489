/**
 * Who has sent a request to an agent, where it is signed with an NKEY (`Agent-Sender`, the protocol's extension). Only what is signed
 * is believed.
 */
import { createHash } from 'node:crypto';
import { fromPublic } from '@nats-io/nkeys';
import type { ReplayGuard } from '../asks/replay-guard.ts';
import { AgentRefusal } from './agent-request.ts';

export interface SignedRequest {
  subject: string;
  data: Uint8Array;
  /** The header `Agent-Sender`; empty where there is none. */
  header: string;
}

const shapes = {
  account: /^(A[A-Z2-7]{55}|[A-Za-z0-9_-]{1,100}|\$G)$/,
  user: /^U[A-Z2-7]{55}$/,
  sub: /^\S{1,300}$/,
  ts: /^\d{4}-\d\d-\d\dT[\d:.]{5,20}(Z|[+-]\d\d:\d\d)$/,
  nonce: /^[A-Za-z0-9_-]{1,64}$/,
  sig: /^[A-Za-z0-9_-]{80,90}$/,
} as const;

/**
 * The public key that has signed it; undefined where nothing is signed.
 * @param now by the server's clock
 * @throws AgentRefusal 400, 401
 */
export function signerOf(
  { subject, data, header }: SignedRequest,
  guard: ReplayGuard,
  now: number,
): string | undefined {
  if (header === '') return undefined;
  const malformed = new AgentRefusal(400, 'bad_sender', 'The header Agent-Sender is malformed.');
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(header);
  } catch {
    throw malformed;
  }
  if (typeof said !== 'object' || said === null) throw malformed;
  if (typeof said.v === 'number' && said.v !== 1) return undefined;
  const fits = (key: keyof typeof shapes): boolean => typeof said[key] === 'string' && shapes[key].test(said[key]);
  if (said.v !== 1 || !fits('account') || !fits('user')) throw malformed;
  if (said.sig === undefined) return undefined;
  if (!fits('sub') || !fits('ts') || !fits('nonce') || !fits('sig')) throw malformed;
  const { account, user, sub, ts, nonce, sig } = said as Record<keyof typeof shapes, string>;
  const hash = createHash('sha256').update(data).digest('hex');
  const signed = Buffer.from(`AGENT-SENDER-V1\n${[account, user, sub, ts, nonce, hash].join('\n')}\n`);
  const isNew = (): boolean => guard.refuse(user, { id: nonce, at: Date.parse(ts) }, now) === undefined;
  if (sub !== subject || !isSignedBy(user, signed, sig) || !isNew())
    throw new AgentRefusal(
      401,
      'bad_signature',
      'The signature in Agent-Sender does not hold: another subject, payload, key or time, or used before.',
    );
  return user;
}

function isSignedBy(user: string, signed: Uint8Array, signature: string): boolean {
  try {
    return fromPublic(user).verify(signed, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
