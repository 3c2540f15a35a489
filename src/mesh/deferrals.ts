/**
 * Pieces of mail that cannot be taken yet and are to come again. The server hands this machine no more than some hundred at a time that it
 * has not acknowledged: one sender must not have all of those places, or it keeps back everybody else's mail. Pure.
 */

/** Of one machine, at one time. Its claudex sends again what it was not told of. */
const mostOfOne = 64;
/** What has not come again by then comes no more: the server's store was wiped, or purged. */
const forgottenMs = 60_000;

export class Deferrals {
  /** When each was put off last, by its number in the stream. */
  readonly #waiting = new Map<string, Map<number, number>>();

  /** @returns false where that machine has too many that wait already: this one is not to come again */
  putOff(machine: string, number: number, now: number): boolean {
    const waiting = this.#waiting.get(machine) ?? new Map<number, number>();
    this.#waiting.set(machine, waiting);
    if (!waiting.has(number) && waiting.size >= mostOfOne) {
      for (const [one, at] of waiting) if (now - at > forgottenMs) waiting.delete(one);
      if (waiting.size >= mostOfOne) return false;
    }
    waiting.set(number, now);
    return true;
  }

  /** It comes no more. */
  settled(machine: string, number: number): void {
    const waiting = this.#waiting.get(machine);
    waiting?.delete(number);
    if (waiting?.size === 0) this.#waiting.delete(machine);
  }
}
