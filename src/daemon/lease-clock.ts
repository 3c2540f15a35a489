/** When leases run out, by the steady clock. The deadline in the journal is for people: the time of day may jump. */
import type { Message } from '../protocol/message.ts';

interface Span {
  since: number;
  until: number;
}

/** Every time is in milliseconds of the steady clock. */
export class LeaseClock {
  readonly #steady: () => number;
  readonly #leaseMs: number;
  readonly #spans = new WeakMap<Message, Span>();

  constructor(steady: () => number, leaseMs: number) {
    this.#steady = steady;
    this.#leaseMs = leaseMs;
  }

  /** The lease of this message begins, or is extended. Returns its end. */
  begin(message: Message, forMs = this.#leaseMs): number {
    const since = this.#steady();
    this.#spans.set(message, { since, until: since + forMs });
    return since + forMs;
  }

  /** What is left of the lease; 0 or less when it has run out. */
  leftMs(message: Message): number {
    return this.#span(message).until - this.#steady();
  }

  /** How long this daemon has known of the lease. */
  heldMs(message: Message): number {
    return this.#steady() - this.#span(message).since;
  }

  /** A lease that an earlier daemon gave begins anew: nobody knows how much of it has passed. */
  #span(message: Message): Span {
    if (!this.#spans.has(message)) this.begin(message);
    return this.#spans.get(message)!;
  }
}
