/** When to look at a session again: one pending timer each, the last word counts. */
import type { Session } from '../sessions/session-table.ts';

/** Looks at what is due by the time of day at least this often: that clock may be set, and it runs on while we sleep. */
const longestNapMs = 30_000;

export class DispatchTimers {
  readonly #steady: () => number;
  readonly #onDue: (session: Session, dueAt: number) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** `onDue` is told when it should have come, by the steady clock. */
  constructor(steady: () => number, onDue: (session: Session, dueAt: number) => void) {
    this.#steady = steady;
    this.#onDue = onDue;
  }

  /** Instead of what was set before; undefined leaves that as it is. */
  set(session: Session, delayMs: number | undefined): void {
    if (delayMs === undefined) return;
    this.clear(session);
    const napMs = Math.min(Math.max(1, delayMs), longestNapMs);
    const dueAt = this.#steady() + napMs;
    this.#timers.set(
      session.id,
      setTimeout(() => this.#onDue(session, dueAt), napMs),
    );
  }

  clear(session: Session): void {
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
