/** What the bridge has refused, in its log: each machine and reason at once, and then once a minute with how often. */
import type { Log } from '../home/log.ts';
import type { Clock } from '../process/clock.ts';

const sayAgainMs = 60_000;
/** Machines and reasons are few; more than this are somebody's invention. */
const maxKnown = 500;

interface Told {
  steadyMs: number;
  since: number;
}

export class Refusals {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param what a question, mail */
  say(what: string, from: string, why: string): void {
    const key = `${what} ${from} ${why}`;
    const now = this.#clock.steady();
    const told = this.#told.get(key);
    if (told && now - told.steadyMs < sayAgainMs) {
      told.since++;
      return;
    }
    if (this.#told.size >= maxKnown) this.#told.clear();
    this.#told.set(key, { steadyMs: now, since: 0 });
    this.#log('refused', { what, from, why, ...(told && { times: told.since + 1 }) });
  }
}
