/** How a pool's processes leave a request, fresh for the next one, and how they end, with all that they have started. */
import { steadyNow } from '../../process/clock.ts';
import type { EvictReason, PoolBook } from './pool-book.ts';
import type { PoolEvent } from './pool-request.ts';
import type { WarmProcess } from './warm-process.ts';

/** A process of a pool, from its start until it is gone. */
export interface Held {
  id: number;
  key: string;
  process: WarmProcess;
}

export class PoolEndings {
  readonly #book: PoolBook;
  readonly #held: Map<number, Held>;
  readonly #tell: (event: PoolEvent) => void;

  constructor(book: PoolBook, held: Map<number, Held>, tell: (event: PoolEvent) => void) {
    this.#book = book;
    this.#held = held;
    this.#tell = tell;
  }

  /** After a request: makes the process fresh, and only then lets the next one have it; else ends it. */
  async release(held: Held, usedOnce: boolean): Promise<void> {
    this.#book.recycling(held.id);
    const startedAt = steadyNow();
    const pid = held.process.pid ?? 0;
    const spent = usedOnce ? 'used-once' : await held.process.recycle();
    if (spent) {
      this.#tell({ event: 'recycle', pid, key: held.key, reason: spent });
      await this.end(held);
    } else {
      this.#tell({ event: 'reset', pid, key: held.key, tookMs: Math.round(steadyNow() - startedAt) });
      this.#book.idle(held.id, steadyNow());
    }
  }

  async evict(held: Held, reason: EvictReason): Promise<void> {
    this.#tell({ event: 'evict', pid: held.process.pid ?? 0, key: held.key, reason });
    await this.end(held);
  }

  /** Ends the process; its place is free when all below it are gone. */
  async end(held: Held): Promise<void> {
    this.#book.ending(held.id);
    await held.process.terminate();
    this.#book.gone(held.id);
    this.#held.delete(held.id);
  }

  /** Idle processes that have died or made themselves unusable. @returns their endings, under way */
  putAway(): Array<Promise<void>> {
    const endings: Array<Promise<void>> = [];
    for (const { id, state } of this.#book.entries) {
      const held = this.#held.get(id);
      if (state !== 'idle' || !held?.process.spent) continue;
      const { pid = 0, spent } = held.process;
      if (spent === 'crashed') this.#tell({ event: 'crash', pid, key: held.key, requestId: null });
      else this.#tell({ event: 'recycle', pid, key: held.key, reason: spent });
      endings.push(this.end(held));
    }
    return endings;
  }
}
