/** How much each machine may ask: what is beyond it costs this one nothing more than to drop it. Pure but for the clock it is given. */
import type { Clock } from '../../process/clock.ts';

/** Tokens that come back each second, and how many there are at most: `peek --follow` asks a few times a second. */
const perSecond = 20;
const burst = 100;
/** Questions of one machine that are answered at the same time, and of all. */
const maxAtOnce = 8;
const maxOfAll = 24;

interface Allowance {
  tokens: number;
  steadyMs: number;
  atOnce: number;
}

/** `drop`: not even refused. */
export type Verdict = 'answer' | 'busy' | 'drop';

export class AskLimits {
  readonly #clock: Clock;
  readonly #machines = new Map<string, Allowance>();
  #ofAll = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For what is answered at once, or has places of its own. */
  passes(name: string): boolean {
    const verdict = this.begin(name);
    if (verdict === 'answer') this.end(name);
    return verdict !== 'drop';
  }

  /** For `answer`, `end` is to be called once it is answered. */
  begin(name: string): Verdict {
    const now = this.#clock.steady();
    const one = this.#machines.get(name) ?? { tokens: burst, steadyMs: now, atOnce: 0 };
    this.#machines.set(name, one);
    one.tokens = Math.min(burst, one.tokens + ((now - one.steadyMs) / 1000) * perSecond);
    one.steadyMs = now;
    if (one.tokens < 1) return 'drop';
    one.tokens--;
    if (one.atOnce >= maxAtOnce || this.#ofAll >= maxOfAll) return 'busy';
    one.atOnce++;
    this.#ofAll++;
    return 'answer';
  }

  end(name: string): void {
    const one = this.#machines.get(name);
    if (one) one.atOnce--;
    this.#ofAll--;
  }
}
