/**
 * Whether a question is new. Each is good for two minutes by the server's clock, and once; one from before this bridge came up, whose
 * memory is gone, is never good. Pure but for the time it is given.
 */

/** How far a question's time may be from ours. */
export const goodForMs = 120_000;
/** Of one machine, in that time; the rate limit allows less. */
const maxKept = 20_000;

export class ReplayGuard {
  readonly #upSince: number;
  /** When each may be forgotten, by machine and id. */
  readonly #seen = new Map<string, number>();

  /** @param upSince the server's time at which this bridge came up */
  constructor(upSince: number) {
    this.#upSince = upSince;
  }

  /** Why it is not taken; undefined for a new one, which is an old one from then on. */
  refuse(from: string, { id, at }: { id: string; at: number }, now: number): string | undefined {
    if (Math.abs(now - at) > goodForMs) return 'its time is off: too old, or a clock is wrong';
    if (at < this.#upSince) return 'it was said before this bridge came up';
    const key = `${from} ${id}`;
    if (this.#seen.has(key)) return 'it came before';
    for (const [old, until] of this.#seen) {
      if (until > now && this.#seen.size < maxKept) break;
      this.#seen.delete(old);
    }
    this.#seen.set(key, at + 2 * goodForMs);
    return undefined;
  }
}
