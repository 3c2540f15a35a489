/**
 * Since when each managed session has been idle in every sense (lifecycle.ts), by a clock that no clock step moves, and that counts
 * only while this daemon runs: a machine that sleeps, or a daemon that is stopped, is no idle session.
 */
import type { Clock } from '../../process/clock.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { isIdle } from './lifecycle.ts';

/** Between two looks lies no more than this, unless nothing of us has run. */
const longestLookMs = 10_000;

export interface IdleWatchOptions {
  table: SessionTable;
  clock: Clock;
  /** What the host of that session says of itself. */
  hostOf: (id: string) => HostFile | undefined;
  /** Messages that wait for that session. */
  pendingFor: (id: string) => number;
}

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  readonly #since = new Map<string, number>();
  #lastLook: number | undefined;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** Called every second or two while a session runs. */
  ticked(): void {
    const now = this.#options.clock.steady();
    const gapMs = now - (this.#lastLook ?? now);
    this.#lastLook = now;
    if (gapMs <= longestLookMs) return;
    for (const [id, since] of this.#since) this.#since.set(id, Math.min(now, since + gapMs));
  }

  /** Looks at one again. */
  note(id: string): void {
    const file = this.#options.hostOf(id);
    const session = this.#options.table.byId(id);
    if (!session || !file || !isIdle(this.#view(session, file))) this.#since.delete(id);
    else if (!this.#since.has(id)) this.#since.set(id, this.#options.clock.steady());
  }

  /** For how long it has been idle; null while it is not. */
  idleForMs(id: string): number | null {
    const since = this.#since.get(id);
    return since === undefined ? null : this.#options.clock.steady() - since;
  }

  forget(id: string): void {
    this.#since.delete(id);
  }

  #view(session: Session, { viewers, maybeDraft }: HostFile): Parameters<typeof isIdle>[0] {
    return {
      state: stateOf(session),
      pending: this.#options.pendingFor(session.id),
      viewers,
      maybeDraft,
      background: session.hasBackgroundWork,
    };
  }
}
