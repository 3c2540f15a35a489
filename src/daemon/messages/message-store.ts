/**
 * The mailbox with its journal: every change is written down, logged and told; what has ended is let go of and read from disk
 * where it is asked for. Owns expiry and the bound on what may wait; decides nothing about routes.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import { isFinal, type Message, type Recipient } from '../../protocol/message.ts';
import { Acceptance } from './acceptance.ts';
import type { Journal } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { IndexedMessage } from './journal-index.ts';
import { JournalUpkeep } from './journal-upkeep.ts';
import { costOf, Mailbox } from './mailbox.ts';

/** The time of day may be set, and it runs on while the machine sleeps: expiry is looked at this often. */
const longestNapMs = 30_000;

/** What could not be written down is tried again this often. */
const rewriteMs = 1000;

/** What has ended is let go of after this long. */
const letGoMs = 5000;

/** What may wait, about, in bytes of memory. */
const maxOpenBytes = 128 << 20;

export interface MessageStoreOptions {
  journal: Journal;
  log: Log;
  clock: Clock;
  /** Another bound on what may wait, in bytes. */
  maxOpenBytes?: number;
}

/** A step of a message; what the new state does not say is not changed. */
export type MessageChange = Omit<Extract<JournalEntry, { t: 'state' }>, 't' | 'id' | 'at'>;

export class MessageStore {
  /** A message is new, or has moved on. */
  readonly changed = new Signal<Message>();
  /** The open messages, and those that have just ended. */
  readonly mailbox = new Mailbox();
  readonly #options: MessageStoreOptions;
  readonly #journal: Journal;
  readonly #acceptance: Acceptance;
  readonly #upkeep: JournalUpkeep;
  /** True, but not on disk yet (it was full), in order. */
  #unwritten: JournalEntry[] = [];
  /** Ended, and still in memory. */
  #ended: string[] = [];
  #letGoTimer: NodeJS.Timeout | undefined;
  #rewriteTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;
  #expiryAt = Number.POSITIVE_INFINITY;

  /** Takes in the open messages of the journal. */
  constructor(options: MessageStoreOptions) {
    const { journal, log, clock } = options;
    this.#options = options;
    this.#journal = journal;
    for (const one of [...journal.index.all()]) {
      if (one.endedAt !== undefined) continue;
      const message = journal.read(one);
      if (message) this.mailbox.restore(message, one.order);
      else journal.damagedLines++;
    }
    if (journal.damagedLines > 0) log('journal had damaged lines', { damagedLines: journal.damagedLines });
    this.#acceptance = new Acceptance(journal, log, clock);
    this.#upkeep = new JournalUpkeep(journal, log, clock);
  }

  /** Any message that is known, open or ended. */
  get(id: string): Message | undefined {
    const indexed = this.mailbox.get(id) ?? this.#journal.index.get(id);
    return indexed && ('body' in indexed ? indexed : this.#journal.read(indexed));
  }

  /** The message first sent with this idempotency key; it may be on its way to the disk. */
  byKey(key: string): Message | undefined {
    const open = this.#acceptance.byKey(key) ?? this.mailbox.byKey(key);
    if (open) return open;
    const ended = this.#journal.index.byKey(key);
    return ended && this.#journal.read(ended);
  }

  /** An ended message that is to be changed comes back into memory. */
  recall(id: string): Message | undefined {
    const known = this.mailbox.get(id);
    const indexed = this.#journal.index.get(id);
    const message = known ?? (indexed && this.#journal.read(indexed));
    if (!message || known) return message;
    this.mailbox.restore(message, indexed!.order);
    this.#letGoLater(id);
    return message;
  }

  /** The newest of the ended messages that fit what is known of them without reading them. Each is read when it is asked for. */
  *ended(fits: (one: IndexedMessage) => boolean = () => true, most = Number.POSITIVE_INFINITY): Generator<Message> {
    const chosen = [...this.#journal.index.all()].filter((one) => one.endedAt !== undefined && fits(one));
    for (const one of chosen.slice(-most).reverse()) {
      // between two of them it may have been dropped
      const message = this.get(one.id);
      if (message && isFinal(message.state)) yield message;
    }
  }

  /**
   * Journalled and on disk when it resolves; nobody can claim it before.
   * @throws ClaudexError QUEUE_FULL, JOURNAL_UNWRITABLE; there is no such message then
   */
  async accept(message: Message): Promise<void> {
    const waitingBytes = this.mailbox.openBytes + this.#acceptance.bytes;
    if (waitingBytes + costOf(message) > (this.#options.maxOpenBytes ?? maxOpenBytes)) {
      throw new ClaudexError('QUEUE_FULL', `${this.mailbox.pendingTotal()} messages wait, ${waitingBytes >> 20} MiB.`);
    }
    this.#writeDown();
    await this.#acceptance.accept(message, () => this.mailbox.accept(message));
    this.#upkeep.written();
    this.#options.log('message accepted', { id: message.id, session: message.recipient.id, kind: message.kind });
    this.changed.emit(message);
    if (message.expiresAt !== undefined) this.#expireBy(message.expiresAt);
    // it had ended on its way
    if (isFinal(message.state)) this.#letGoLater(message.id);
  }

  /** Resolves when a message that somebody else is having accepted is on disk; fails as that does. */
  onDisk(id: string): Promise<void> {
    return this.#acceptance.onDisk(id);
  }

  /** Moves a message on; false when that step is not allowed from where it stands. */
  move(id: string, change: MessageChange): boolean {
    const entry = this.mailbox.move(id, { at: this.#options.clock.timeOfDay(), ...change });
    if (!entry) return false;
    const message = this.mailbox.get(id)!;
    // no lease that the next daemon would not know of: it would put the message in a second time
    if (!this.#record(entry) && (change.state === 'leased' || (change.state === 'sent' && !change.cancelling))) {
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
    if (message.state === 'queued' && message.expiresAt !== undefined) this.#expireBy(message.expiresAt);
    if (isFinal(message.state)) this.#letGoLater(id);
    return true;
  }

  readdress(id: string, recipient: Recipient): void {
    this.#record(this.mailbox.readdress(id, recipient));
  }

  /** Ends every queued message whose time is over, and sees to the next one. */
  expire(): void {
    const now = this.#options.clock.timeOfDay();
    this.#expiryAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const message of this.mailbox.all()) {
      if (message.state !== 'queued' || message.expiresAt === undefined) continue;
      if (message.expiresAt <= now) this.move(message.id, { state: 'expired', reason: 'not delivered in time' });
      else next = Math.min(next, message.expiresAt);
    }
    this.#expireBy(next);
  }

  /** As `expire`, where a time has come: its timer is late after a sleep of the machine, and for a time that was over when it came. */
  expireDue(): void {
    if (this.#options.clock.timeOfDay() >= this.#expiryAt) this.expire();
  }

  close(): void {
    this.#acceptance.close();
    this.#upkeep.close();
    clearTimeout(this.#expiryTimer);
    clearTimeout(this.#rewriteTimer);
    clearTimeout(this.#letGoTimer);
  }

  /** The next look at what expires is at that time of day, if not before. */
  #expireBy(at: number): void {
    if (at >= this.#expiryAt) return;
    this.#expiryAt = at;
    clearTimeout(this.#expiryTimer);
    const delayMs = Math.min(Math.max(1, at - this.#options.clock.timeOfDay()), longestNapMs);
    this.#expiryTimer = setTimeout(() => this.expire(), delayMs);
  }

  #letGoLater(id: string): void {
    this.#ended.push(id);
    this.#letGoTimer ??= setTimeout(() => {
      this.#letGoTimer = undefined;
      const ended = this.#ended;
      this.#ended = [];
      // what is not written down yet is nowhere but here
      const unwritten = new Set(this.#unwritten.map((one) => (one.t === 'accept' ? one.message.id : one.id)));
      for (const one of ended) {
        if (unwritten.has(one)) this.#letGoLater(one);
        else this.mailbox.forget(one);
      }
    }, letGoMs).unref();
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
      this.#journal.append(next);
      this.#unwritten.shift();
      this.#upkeep.written();
    }
  }
}
