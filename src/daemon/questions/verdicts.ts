/** Whoever has answered from elsewhere waits here for claude's word about it. */

export class Verdicts {
  readonly #waiting = new Map<string, () => void>();

  /** Resolves when something is known of that question, at the latest after `atMostMs`. */
  async of(id: string, atMostMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#waiting.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#waiting.delete(id);
  }

  /** Something is known of it, or about to be in so many milliseconds: then nobody waits any longer. */
  come(id: string, afterMs = 0): void {
    if (afterMs === 0) this.#waiting.get(id)?.();
    else setTimeout(() => this.#waiting.get(id)?.(), afterMs).unref();
  }

  close(): void {
    for (const resolve of this.#waiting.values()) resolve();
  }
}
