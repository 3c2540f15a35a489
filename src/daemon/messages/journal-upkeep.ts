/** When the journal is made short again: it has doubled since the last time, and nothing has been written for a moment. */
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { compactJournal } from './compact-journal.ts';
import type { Journal } from './journal.ts';
import type { Keeping } from './journal-index.ts';

/** Ended messages are kept this long for `inbox` and for idempotency keys, and at most so many and so many bytes of them. */
const keepEndedMs = 7 * 24 * 3600 * 1000;
const keepEndedMost = 20_000;
const keepEndedBytes = 512 << 20;

/** A smaller journal is left as it is. */
const smallBytes = 256 << 10;
/** Nothing has been written for this long: nobody waits for us. */
const quietMs = 1000;
/** Between two steps. Each takes a few milliseconds. */
const pauseMs = 5;
/** A journal that was larger than this has left memory behind. */
const muchBytes = 8 << 20;
/** After a compaction that failed (a full disk). */
const retryMs = 10 * 60_000;

/** What is kept of ended messages at that time of day. */
export function keepingAt(now: number): Keeping {
  return { endedAfter: now - keepEndedMs, atMost: keepEndedMost, atMostBytes: keepEndedBytes };
}

export class JournalUpkeep {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #clock: Clock;
  /** Due from this size on, in bytes. */
  #dueBytes: number;
  #lastWriteAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #running = false;
  #closed = false;

  constructor(journal: Journal, log: Log, clock: Clock) {
    this.#journal = journal;
    this.#log = log;
    this.#clock = clock;
    // what is found at a start is short where every message has its one line, or nearly
    let shortBytes = 0;
    for (const message of journal.index.all()) shortBytes += message.bytes;
    this.#dueBytes = Math.max(1.25 * shortBytes, smallBytes);
    const isTooMuch = journal.index.endedBytes() > keepEndedBytes || journal.index.endedCount > keepEndedMost;
    if (journal.damagedLines > 0 || isTooMuch) this.#dueBytes = 0;
    this.#look(quietMs);
  }

  /** Call after each line: costs nothing but a look at a number. */
  written(): void {
    this.#lastWriteAt = this.#clock.steady();
    if (this.#timer === undefined) this.#look(quietMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#memoryTimer);
  }

  #look(delayMs: number): void {
    if (this.#closed || this.#running || this.#journal.bytes < this.#dueBytes) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // never idle: it must not grow for ever
      const isOverdue = this.#journal.bytes >= 2 * this.#dueBytes;
      if (!isOverdue && this.#clock.steady() - this.#lastWriteAt < quietMs) this.#look(quietMs);
      else void this.#compact();
    }, delayMs);
    this.#timer.unref();
  }

  async #compact(): Promise<void> {
    this.#running = true;
    const before = this.#journal.bytes;
    let nextInMs = quietMs;
    try {
      const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));
      const isDone = await compactJournal(this.#journal, { keeping: keepingAt(this.#clock.timeOfDay()), pause });
      if (isDone) {
        this.#dueBytes = Math.max(2 * this.#journal.bytes, smallBytes);
        this.#log('journal compacted', { before, after: this.#journal.bytes, ended: this.#journal.index.endedCount });
        if (before > muchBytes) this.#giveBack(3);
      }
    } catch (error) {
      this.#log('journal not compacted', { error: String(error) });
      nextInMs = retryMs;
    }
    this.#running = false;
    this.#look(nextInMs);
  }

  /**
   * Where the daemon was started with --expose-gc: what has been let go of goes back to the system, while nobody waits. What one
   * collection (some 30 ms) has found empty, the next one gives back.
   */
  #giveBack(times: number): void {
    if (!globalThis.gc || this.#closed || times === 0) return;
    clearTimeout(this.#memoryTimer);
    this.#memoryTimer = setTimeout(() => {
      const isQuiet = this.#clock.steady() - this.#lastWriteAt >= quietMs;
      if (isQuiet) globalThis.gc?.();
      this.#giveBack(isQuiet ? times - 1 : times);
    }, quietMs).unref();
  }
}
