/** The asyncRewake hooks that wait beside sessions: one per session, the newer supersedes the older. */

export interface Waiter {
  /** Wakes its session with this text; it is used up then. */
  wake(text: string): void;
  /** It is not needed (any more): its process ends quietly. */
  dismiss(): void;
}

export class WakeHooks {
  readonly #bySession = new Map<string, Waiter>();
  /** Sessions whose waiter was used: its Stop hook starts the next one. */
  readonly #rearming = new Set<string>();

  has(id: string): boolean {
    return this.#bySession.has(id);
  }

  /** True when one waits, or will after the turn that the last one has started. */
  hasOrWill(id: string): boolean {
    return this.has(id) || this.#rearming.has(id);
  }

  /** Returns the removal for a waiter whose process has gone. */
  add(id: string, waiter: Waiter): () => void {
    this.dismiss(id);
    this.#rearming.delete(id);
    this.#bySession.set(id, waiter);
    return () => {
      if (this.#bySession.get(id) === waiter) this.#bySession.delete(id);
    };
  }

  wake(id: string, text: string): void {
    const waiter = this.#bySession.get(id);
    this.#bySession.delete(id);
    this.#rearming.add(id);
    waiter?.wake(text);
  }

  dismiss(id: string): void {
    this.#bySession.get(id)?.dismiss();
    this.#bySession.delete(id);
    this.#rearming.delete(id);
  }

  dismissAll(): void {
    for (const sessionId of this.#bySession.keys()) this.dismiss(sessionId);
  }
}
