/**
 * Every message and its state. The one owner of claims: a message is leased to one route at a time, exclusively.
 * Pure: no clock, no file. Each change is returned as a journal entry; `apply` replays such entries after a restart.
 */
import { isFinal, type Message, type MessageState, queueOf } from '../../protocol/message.ts';
import { applyEntry, applyState, type JournalEntry, type StateEntry } from './journal-entry.ts';
import { boundHistory } from './message-history.ts';
import { OpenQueue } from './open-queue.ts';

/** Which states may follow which. */
const allowed: Record<MessageState, readonly MessageState[]> = {
  queued: ['sent', 'leased', 'stuck', 'delivered', 'expired', 'cancelled', 'failed'],
  // on another machine: whatever that one says may follow as well
  sent: ['sent', 'queued', 'failed', 'expired', 'cancelled'],
  arrived: ['arrived', 'stuck', 'cancelled'],
  leased: ['queued', 'stuck', 'delivered', 'expired', 'failed', 'cancelled'],
  // proof may come late
  stuck: ['queued', 'delivered', 'cancelled'],
  delivered: ['answered', 'failed'],
  answered: [],
  failed: ['queued'],
  expired: ['queued'],
  cancelled: ['queued'],
};

/** Accepted, and not delivered yet. */
const waiting: readonly MessageState[] = ['queued', 'sent', 'arrived', 'leased'];

/** A machine's word counts when it is newer than what is known; and it knows better. */
function mayFollow(message: Message, { state, rev }: Omit<StateEntry, 't' | 'id'>): boolean {
  return rev === undefined ? allowed[message.state].includes(state) : rev > (message.rev ?? 0);
}

export class Mailbox {
  readonly #messages = new Map<string, Message>();
  readonly #byKey = new Map<string, string>();
  /** Place in the order of acceptance; not the clock, which may jump. */
  readonly #places = new Map<string, number>();
  #nextPlace = 0;
  /** Not yet final, per recipient id (empty for those that wait for a session). */
  readonly #open = new Map<string, OpenQueue>();
  #openBytes = 0;

  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  all(): Message[] {
    return [...this.#messages.values()];
  }

  /** The message first accepted with this idempotency key. */
  byKey(key: string): Message | undefined {
    const id = this.#byKey.get(key);
    return id === undefined ? undefined : this.#messages.get(id);
  }

  /** Open messages of one recipient in the order they were accepted. */
  openFor(recipientId: string): Message[] {
    return this.#open.get(recipientId)?.all() ?? [];
  }

  /** The oldest open message of one recipient that fits; looks no further. */
  firstOpen(recipientId: string, fits: (message: Message) => boolean): Message | undefined {
    return this.#open.get(recipientId)?.first(fits);
  }

  /** How many open messages of one recipient are in that state. */
  countOpen(recipientId: string, state: MessageState): number {
    return this.#open.get(recipientId)?.count(state) ?? 0;
  }

  /** Open messages that wait for a session to start in some folder. */
  homeless(): Message[] {
    return this.openFor('');
  }

  /** The machines that open messages are for. */
  machines(): string[] {
    return [...this.#open.keys()].filter((one) => one.startsWith('@')).map((one) => one.slice(1));
  }

  /** Accepted and not delivered yet. */
  pendingFor(recipientId: string): number {
    return waiting.reduce((sum, state) => sum + this.countOpen(recipientId, state), 0);
  }

  /** What the open messages take, about, in bytes of memory. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** How many messages of one recipient have not been delivered yet, and of how many nobody knows it. */
  waitingFor(recipientId: string): { pending: number; stuck: number } {
    return { pending: this.pendingFor(recipientId), stuck: this.countOpen(recipientId, 'stuck') };
  }

  pendingTotal(): number {
    let total = 0;
    for (const id of this.#open.keys()) total += this.pendingFor(id);
    return total;
  }

  accept(message: Message): JournalEntry {
    const entry: JournalEntry = { t: 'accept', message };
    this.apply(entry);
    return entry;
  }

  /** Takes in a message as it stands, at its place in the order of acceptance (from the journal). */
  restore(message: Message, place: number): void {
    if (this.#messages.has(message.id)) return;
    this.#nextPlace = Math.max(this.#nextPlace, place + 1);
    this.#add(message, place);
  }

  /**
   * Moves a message on.
   * @returns the journal entry, or undefined when that step is not allowed from where the message stands
   * (a late proof of a cancelled message, a second proof of a delivered one).
   */
  move(id: string, change: Omit<StateEntry, 't' | 'id'>): JournalEntry | undefined {
    const message = this.#messages.get(id);
    if (!message || !mayFollow(message, change)) return undefined;
    const entry: JournalEntry = { t: 'state', id, ...change };
    this.apply(entry);
    return entry;
  }

  /** Gives an open message another recipient (its session ended, or the session it was held for has started). */
  readdress(id: string, recipient: Message['recipient']): JournalEntry {
    const entry: JournalEntry = { t: 'recipient', id, recipient };
    this.apply(entry);
    return entry;
  }

  /** Applies one entry, from the journal or from above. Unknown ids are ignored (compacted away). */
  apply(entry: JournalEntry): void {
    if (entry.t === 'accept') {
      // a journal says it once; whatever says it twice must not double it
      if (!this.#messages.has(entry.message.id)) this.#add(entry.message, this.#nextPlace++);
      return;
    }
    const message = this.#messages.get(entry.id);
    if (!message) return;
    if (entry.t === 'state' && !isFinal(message.state) && !isFinal(entry.state)) {
      // it keeps its place in the queue
      const queue = this.#queueOf(message);
      queue.counted(message.state, -1);
      applyState(message, entry);
      queue.counted(message.state, 1);
      return;
    }
    this.#unfile(message);
    applyEntry(message, entry);
    this.#file(message);
  }

  #add(message: Message, place: number): void {
    boundHistory(message.history);
    this.#messages.set(message.id, message);
    this.#places.set(message.id, place);
    if (message.key !== undefined) this.#byKey.set(message.key, message.id);
    this.#file(message);
  }

  /** Forgets a final message: what is asked of it from now on, the journal knows. */
  forget(id: string): void {
    const message = this.#messages.get(id);
    if (!message || !isFinal(message.state)) return;
    this.#messages.delete(id);
    this.#places.delete(id);
    if (message.key !== undefined) this.#byKey.delete(message.key);
  }

  #unfile(message: Message): void {
    const queue = this.#queueOf(message);
    if (queue.remove(message, this.#places.get(message.id)!)) this.#openBytes -= costOf(message);
    if (queue.isEmpty) this.#open.delete(queueOf(message.recipient));
  }

  #file(message: Message): void {
    if (isFinal(message.state)) return;
    this.#queueOf(message).add(message, this.#places.get(message.id)!);
    this.#openBytes += costOf(message);
  }

  #queueOf(message: Message): OpenQueue {
    const recipient = queueOf(message.recipient);
    const queue = this.#open.get(recipient) ?? new OpenQueue();
    this.#open.set(recipient, queue);
    return queue;
  }
}

/** What a message takes in memory, about: its text, and 1000 bytes beside it. */
export function costOf(message: Pick<Message, 'body'>): number {
  return 1000 + Buffer.byteLength(message.body);
}
