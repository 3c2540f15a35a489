/** The mailbox with its journal: every change is written down, logged and told. Owns expiry; decides nothing about routes. */
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import type { Message, Recipient } from '../../protocol/message.ts';
import type { Journal } from './journal.ts';
import { type JournalEntry, Mailbox } from './mailbox.ts';

/** The time of day may be set, and it runs on while the machine sleeps: expiry is looked at this often. */
const longestNapMs = 30_000;

/** What could not be written down is tried again this often. */
const rewriteMs = 1000;

export interface MessageStoreOptions {
  journal: Journal;
  log: Log;
  clock: Clock;
}

/** A step of a message; what the new state does not say is not changed. */
export type MessageChange = Omit<Extract<JournalEntry, { t: 'state' }>, 't' | 'id' | 'at'>;

export class MessageStore {
  /** A message is new, or has moved on. */
  readonly changed = new Signal<Message>();
  readonly mailbox = new Mailbox();
  readonly #options: MessageStoreOptions;
  /** True, but not on disk yet (it was full), in order. */
  #unwritten: JournalEntry[] = [];
  /** On their way to the disk. */
  readonly #accepting = new Map<string, Promise<void>>();
  #rewriteTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;

  constructor(options: MessageStoreOptions) {
    this.#options = options;
  }

  /** Journalled and on disk when it resolves. @throws ClaudexError JOURNAL_UNWRITABLE; nothing is queued then. */
  accept(message: Message): Promise<void> {
    const accepting = this.#accept(message).finally(() => this.#accepting.delete(message.id));
    this.#accepting.set(message.id, accepting);
    return accepting;
  }

  /** Resolves when a message that somebody else is having accepted is on disk; fails as that does. */
  async onDisk(id: string): Promise<void> {
    await this.#accepting.get(id);
  }

  async #accept(message: Message): Promise<void> {
    const entry = this.mailbox.accept(message);
    try {
      this.#writeDown();
      await this.#options.journal.commit(entry);
    } catch (error) {
      this.mailbox.move(message.id, {
        state: 'cancelled',
        at: this.#options.clock.timeOfDay(),
        reason: 'not accepted',
      });
      this.mailbox.forget(message.id);
      throw error;
    }
    this.#options.log('message accepted', { id: message.id, session: message.recipient.id, kind: message.kind });
    this.changed.emit(message);
    if (message.expiresAt !== undefined) this.#armExpiry();
  }

  /** Moves a message on; false when that step is not allowed from where it stands. */
  move(id: string, change: MessageChange): boolean {
    const entry = this.mailbox.move(id, { at: this.#options.clock.timeOfDay(), ...change });
    if (!entry) return false;
    const message = this.mailbox.get(id)!;
    // no lease that the next daemon would not know of: it would put the message in a second time
    if (!this.#record(entry) && change.state === 'leased') {
      this.#unwritten.pop();
      this.mailbox.move(id, {
        state: 'queued',
        at: this.#options.clock.timeOfDay(),
        reason: 'the journal could not be written',
      });
      return false;
    }
    this.#options.log(`message ${message.state}`, { id, route: message.route ?? null, reason: message.reason ?? null });
    this.changed.emit(message);
    // its time may have run out while it was leased
    if (message.state === 'queued' && message.expiresAt !== undefined) this.#armExpiry();
    return true;
  }

  readdress(id: string, recipient: Recipient): void {
    this.#record(this.mailbox.readdress(id, recipient));
  }

  /** Ends every queued message whose time is over, and sees to the next one. */
  expire(): void {
    const now = this.#options.clock.timeOfDay();
    for (const message of this.#expiring()) {
      if (message.expiresAt! <= now) this.move(message.id, { state: 'expired', reason: 'not delivered in time' });
    }
    this.#armExpiry();
  }

  close(): void {
    clearTimeout(this.#expiryTimer);
    clearTimeout(this.#rewriteTimer);
  }

  #expiring(): Message[] {
    return this.mailbox.all().filter((one) => one.state === 'queued' && one.expiresAt !== undefined);
  }

  #armExpiry(): void {
    clearTimeout(this.#expiryTimer);
    const next = Math.min(...this.#expiring().map((one) => one.expiresAt!));
    if (!Number.isFinite(next)) return;
    const delayMs = Math.min(Math.max(1, next - this.#options.clock.timeOfDay()), longestNapMs);
    this.#expiryTimer = setTimeout(() => this.expire(), delayMs);
  }

  /** A state that cannot be written is still true. It is written later; the transcript decides if we die before that. */
  #record(entry: JournalEntry): boolean {
    this.#unwritten.push(entry);
    try {
      this.#writeDown();
      return true;
    } catch (error) {
      this.#options.log('journal unwritable', { error: String(error) });
      this.#writeLater();
      return false;
    }
  }

  #writeLater(): void {
    clearTimeout(this.#rewriteTimer);
    this.#rewriteTimer = setTimeout(() => {
      try {
        this.#writeDown();
      } catch {
        this.#writeLater(); // still full
      }
    }, rewriteMs);
  }

  /** @throws ClaudexError JOURNAL_UNWRITABLE */
  #writeDown(): void {
    for (let next = this.#unwritten[0]; next; next = this.#unwritten[0]) {
      this.#options.journal.append(next);
      this.#unwritten.shift();
    }
  }
}
