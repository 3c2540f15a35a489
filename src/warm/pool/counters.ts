/** How often each thing has happened in a pool. */
import type { PoolEvent } from './pool-request.ts';

/** Since the pool was made. */
export type Counters = Record<PoolEvent['event'], number>;

export class PoolCounters {
  readonly #counts: Counters = { spawn: 0, reuse: 0, reset: 0, recycle: 0, evict: 0, timeout: 0, crash: 0 };

  count({ event }: PoolEvent): void {
    this.#counts[event]++;
  }

  read(): Counters {
    return { ...this.#counts };
  }
}
