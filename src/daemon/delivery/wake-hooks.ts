/** The asyncRewake hooks that wait beside sessions: one per session, the newer supersedes the older. */

export interface Waiter {
  /** Wakes its session with this text; it is used up then. */
  wake(text: string): void;
  /** It is not needed (any more): its process ends quietly. */
  dismiss(): void;
}

export class Waiters {
  readonly #bySession = new Map<string, Waiter>();
  /** Sessions whose waiter was used: its Stop hook starts the next one. */
  readonly #rearming = new Set<string>();

  has(sessionId: string): boolean {
    return this.#bySession.has(sessionId);
  }

  /** True when one waits, or will after the turn that the last one has started. */
  hasOrWill(sessionId: string): boolean {
    return this.has(sessionId) || this.#rearming.has(sessionId);
  }

  /** Returns the removal for a waiter whose process has gone. */
  add(sessionId: string, waiter: Waiter): () => void {
    this.dismiss(sessionId);
    this.#rearming.delete(sessionId);
    this.#bySession.set(sessionId, waiter);
    return () => {
      if (this.#bySession.get(sessionId) === waiter) this.#bySession.delete(sessionId);
    };
  }

  wake(sessionId: string, text: string): void {
    const waiter = this.#bySession.get(sessionId);
    this.#bySession.delete(sessionId);
    this.#rearming.add(sessionId);
    waiter?.wake(text);
  }

  dismiss(sessionId: string): void {
    this.#bySession.get(sessionId)?.dismiss();
    this.#bySession.delete(sessionId);
    this.#rearming.delete(sessionId);
  }

  dismissAll(): void {
    for (const sessionId of this.#bySession.keys()) this.dismiss(sessionId);
  }
}
