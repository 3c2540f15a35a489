/** When leases run out, by the steady clock. The deadline in the journal is for people: the time of day may jump. */
import type { Clock } from '../../process/clock.ts';
import type { Message } from '../../protocol/message.ts';

interface Span {
  since: number;
  until: number;
}

/** A timer that comes this late tells that this process did not run (stopped, starved, the machine asleep). */
const sleptMs = 250;
/** Time to hear what was said meanwhile, before a lease ends unproven. */
const wakingMs = 1000;

/** Every time is in milliseconds of the steady clock, without the time in which we did not run. */
export class LeaseClock {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #spans = new WeakMap<Message, Span>();
  /** How long we have not run so far, and until when that has been counted. */
  #sleptMs = 0;
  #countedUntil = 0;

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** The lease of this message begins, or is extended. */
  begin(message: Message, forMs = this.#leaseMs): void {
    const since = this.#now();
    this.#spans.set(message, { since, until: since + forMs });
  }

  /**
   * A timer that was due at `dueAtSteadyMs` fires now. If it is late, claude's hooks may be waiting at our door since
   * long: leases are not over before they have been heard.
   */
  timerFired(dueAtSteadyMs: number): void {
    const now = this.#clock.steady();
    if (now - dueAtSteadyMs < sleptMs) return;
    const from = Math.max(dueAtSteadyMs, this.#countedUntil);
    if (now <= from) return;
    this.#sleptMs += now - from + wakingMs;
    this.#countedUntil = now + wakingMs;
  }

  /** What is left of the lease; 0 or less when it has run out. */
  leftMs(message: Message): number {
    return this.#span(message).until - this.#now();
  }

  /** How long this daemon has known of the lease. */
  heldMs(message: Message): number {
    return this.#now() - this.#span(message).since;
  }

  #now(): number {
    return this.#clock.steady() - this.#sleptMs;
  }

  /** A lease that an earlier daemon gave begins anew: nobody knows how much of it has passed. */
  #span(message: Message): Span {
    if (!this.#spans.has(message)) this.begin(message);
    return this.#spans.get(message)!;
  }
}
