/**
 * Which messages of sessions and programs are taken at all, and what a session's message answers. The person at a shell
 * is not held to these rules. Knows no clock (it is told the steady one) and no file.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Message, Sender } from '../../protocol/message.ts';

const minuteMs = 60_000;

export interface PeerPolicy {
  /** Setting peers.allow. */
  allow: 'all' | 'same-tree' | 'none';
  /** Setting peers.maxHops. */
  maxHops: number;
  /** Setting peers.perMinute. */
  perMinute: number;
}

/** A session as far as the rules look at it. */
export interface Peer {
  id: string;
  cwd: string;
  /** Started with CLAUDEX_PEERS=off. */
  peersOff: boolean;
}

export interface PeerSend {
  sender: Sender;
  /** The session that speaks; undefined for a program. */
  from: Peer | undefined;
  /** The session it is for; undefined while the message is held for one to come. */
  to: Peer | undefined;
  /** The folder it is for. */
  toCwd: string;
  hops: number;
}

export class PeerRules {
  readonly #policy: PeerPolicy;
  /** When each session has sent to each other one of late, by `from to`. */
  readonly #sent = new Map<string, number[]>();

  constructor(policy: PeerPolicy) {
    this.#policy = policy;
  }

  /** @throws ClaudexError PEERS_NOT_ALLOWED, TOO_MANY_HOPS, PEER_RATE_LIMIT */
  check(send: PeerSend, steadyMs: number): void {
    if (send.sender.kind === 'user') return;
    this.#checkAllowed(send);
    if (send.hops > this.#policy.maxHops) {
      throw new ClaudexError(
        'TOO_MANY_HOPS',
        `This would be number ${send.hops}; ${this.#policy.maxHops} are allowed.`,
      );
    }
    // one of another machine is known by its name there
    const from = send.from?.id ?? send.sender.id;
    if (from !== undefined) this.#countAndCheck(`${from} ${send.to?.id ?? send.toCwd}`, steadyMs);
  }

  #checkAllowed({ sender, from, to, toCwd }: PeerSend): void {
    const refuse = (facts: string): ClaudexError => new ClaudexError('PEERS_NOT_ALLOWED', facts);
    const { allow } = this.#policy;
    if (from?.peersOff) throw refuse('This session was started with CLAUDEX_PEERS=off.');
    if (to?.peersOff) throw refuse(`Session ${to.id} was started with CLAUDEX_PEERS=off.`);
    if (allow === 'none') throw refuse('peers.allow is none.');
    const fromCwd = from?.cwd ?? sender.cwd;
    if (allow === 'same-tree' && (fromCwd === undefined || !isSameTree(fromCwd, toCwd))) {
      throw refuse(`peers.allow is same-tree; from ${fromCwd ?? 'no known folder'} to ${toCwd}.`);
    }
  }

  #countAndCheck(pair: string, now: number): void {
    for (const [other, times] of this.#sent) if (times.at(-1)! <= now - minuteMs) this.#sent.delete(other);
    const recent = (this.#sent.get(pair) ?? []).filter((at) => at > now - minuteMs);
    if (recent.length >= this.#policy.perMinute) {
      const waitSeconds = Math.ceil((recent[0]! + minuteMs - now) / 1000);
      throw new ClaudexError('PEER_RATE_LIMIT', `${recent.length} within a minute; the next one in ${waitSeconds} s.`);
    }
    this.#sent.set(pair, [...recent, now]);
  }
}

/** One folder is the other, or inside it. */
function isSameTree(a: string, b: string): boolean {
  const inside = (one: string, other: string): boolean => `${one}/`.startsWith(other === '/' ? '/' : `${other}/`);
  return inside(a, b) || inside(b, a);
}

/**
 * What a session's message comes from: `inHand` is what has been delivered into the turn that it sends in. A message back
 * to the session that woke it answers that one's message; each message out of a peer's turn is one hop further.
 */
export function chainOf(inHand: readonly Message[], toId: string | null): { replyTo?: string; hops: number } {
  const peers = inHand.filter((one) => one.sender.kind === 'peer');
  const hops = peers.length === 0 ? 0 : Math.max(...peers.map((one) => one.hops ?? 0)) + 1;
  const theirs = peers.filter((one) => toId !== null && one.sender.id === toId);
  const answered = theirs.findLast((one) => one.kind === 'task') ?? theirs.at(-1);
  return { hops, ...(answered && { replyTo: answered.id }) };
}
