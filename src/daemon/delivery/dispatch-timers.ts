/** When to look at a session again: one pending timer each, the last word counts. */
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import type { Session } from '../sessions/session.ts';

/** Looks at what is due by the time of day at least this often: that clock may be set, and it runs on while we sleep. */
const longestNapMs = 30_000;

export class DispatchTimers {
  /** It is time to look at a session; `dueAtSteadyMs` is when that should have come. */
  readonly due = new Signal<{ session: Session; dueAtSteadyMs: number }>();
  readonly #clock: Clock;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Instead of what was set before; undefined leaves that as it is. */
  set(session: Session, delayMs: number | undefined): void {
    if (delayMs === undefined) return;
    this.clear(session);
    const napMs = Math.min(Math.max(1, delayMs), longestNapMs);
    const dueAtSteadyMs = this.#clock.steady() + napMs;
    this.#timers.set(
      session.id,
      setTimeout(() => this.due.emit({ session, dueAtSteadyMs }), napMs),
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
