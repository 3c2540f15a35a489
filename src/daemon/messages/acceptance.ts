/**
 * Messages between "sent" and "accepted": on their way to the disk, claimable by nobody. What could not be synced is taken
 * back in the journal before its key may be used again: what was refused is gone, after a restart too.
 */
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import type { Message } from '../../protocol/message.ts';
import type { Journal } from './journal.ts';
import { costOf } from './mailbox.ts';

/** A refusal that cannot be written down is tried again this often. */
const retryMs = 1000;

export class Acceptance {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #onDisk = new Map<string, Promise<void>>();
  readonly #byKey = new Map<string, Message>();
  /** Refused, and not taken back yet. */
  readonly #refused = new Map<string, Message>();
  #retryTimer: NodeJS.Timeout | undefined;
  #bytes = 0;

  constructor(journal: Journal, log: Log, clock: Clock) {
    this.#journal = journal;
    this.#log = log;
    this.#clock = clock;
  }

  /** What is on its way, about, in bytes of memory. */
  get bytes(): number {
    return this.#bytes;
  }

  byKey(key: string): Message | undefined {
    return this.#byKey.get(key);
  }

  /** Resolves when a message that is on its way is on disk; fails as its acceptance does. */
  async onDisk(id: string): Promise<void> {
    await this.#onDisk.get(id);
  }

  /**
   * Has the message written and synced; `then` is called in the same moment, before anything else can happen.
   * @throws ClaudexError JOURNAL_UNWRITABLE; there is no such message then
   */
  async accept(message: Message, then: () => void): Promise<void> {
    if (message.key !== undefined) this.#byKey.set(message.key, message);
    const onDisk = this.#journal.commit({ t: 'accept', message });
    this.#onDisk.set(message.id, onDisk);
    this.#bytes += costOf(message);
    try {
      await onDisk;
    } catch (error) {
      this.#refused.set(message.id, message);
      this.#takeBack();
      throw error;
    } finally {
      this.#bytes -= costOf(message);
    }
    then();
    this.#release(message);
  }

  /** The last try to take back what was refused. */
  close(): void {
    this.#takeBack();
    clearTimeout(this.#retryTimer);
  }

  #takeBack(): void {
    clearTimeout(this.#retryTimer);
    try {
      for (const message of this.#refused.values()) {
        // a line that was never written needs no taking back
        if (this.#journal.index.get(message.id)) {
          const at = this.#clock.timeOfDay();
          this.#journal.append({
            t: 'state',
            id: message.id,
            at,
            state: 'cancelled',
            reason: 'not accepted',
            refused: true,
          });
        }
        this.#refused.delete(message.id);
        this.#release(message);
      }
    } catch (error) {
      this.#log('refusal not written down yet', { error: String(error), count: this.#refused.size });
      this.#retryTimer = setTimeout(() => this.#takeBack(), retryMs);
    }
  }

  #release(message: Message): void {
    this.#onDisk.delete(message.id);
    if (message.key !== undefined && this.#byKey.get(message.key) === message) this.#byKey.delete(message.key);
  }
}
