/**
 * Every message and its state. The one owner of claims: a message is leased to one route at a time, exclusively.
 * Pure: no clock, no file. Each change is returned as a journal entry; `apply` replays such entries after a restart.
 */
import { isFinal, isSettled, type Message, type MessageState, type Route } from '../../protocol/message.ts';
import { addToHistory, boundHistory } from './message-history.ts';
import { OpenQueue } from './open-queue.ts';

export type JournalEntry =
  | { t: 'accept'; message: Message }
  | {
      t: 'state';
      id: string;
      state: MessageState;
      at: number;
      route?: Route;
      reason?: string;
      leaseDeadline?: number;
      /** With `leased`: the transcript its mark would come to stand in, when that is a new one. */
      transcriptFrom?: { path: string; bytes: number };
      /** With a retry by hand: where each transcript that may hold the mark of an earlier try ends by now. */
      transcriptsFrom?: Array<{ path: string; bytes: number }>;
      /** The lease that ends here may have put the message in all the same. */
      unproven?: boolean;
      promptId?: string;
      answer?: string;
      /** With `cancelled`: its sender was told that it was not accepted. There is no such message. */
      refused?: true;
    }
  | { t: 'recipient'; id: string; recipient: Message['recipient'] };

type StateEntry = Extract<JournalEntry, { t: 'state' }>;

/** Which states may follow which. */
const allowed: Record<MessageState, readonly MessageState[]> = {
  queued: ['leased', 'stuck', 'delivered', 'expired', 'cancelled', 'failed'],
  leased: ['queued', 'stuck', 'delivered', 'expired', 'failed', 'cancelled'],
  // proof may come late
  stuck: ['queued', 'delivered', 'cancelled'],
  delivered: ['answered', 'failed'],
  answered: [],
  failed: ['queued'],
  expired: ['queued'],
  cancelled: ['queued'],
};

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

  /** Accepted and not delivered yet. */
  pendingFor(recipientId: string): number {
    return this.countOpen(recipientId, 'queued') + this.countOpen(recipientId, 'leased');
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
    if (!message || !allowed[message.state].includes(change.state)) return undefined;
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
    if (queue.isEmpty) this.#open.delete(message.recipient.id ?? '');
  }

  #file(message: Message): void {
    if (isFinal(message.state)) return;
    this.#queueOf(message).add(message, this.#places.get(message.id)!);
    this.#openBytes += costOf(message);
  }

  #queueOf(message: Message): OpenQueue {
    const recipient = message.recipient.id ?? '';
    const queue = this.#open.get(recipient) ?? new OpenQueue();
    this.#open.set(recipient, queue);
    return queue;
  }
}

/** What a message takes in memory, about: its text, and 1000 bytes beside it. */
export function costOf(message: Pick<Message, 'body'>): number {
  return 1000 + Buffer.byteLength(message.body);
}

/** What an entry after its first one makes of a message. */
export function applyEntry(message: Message, entry: Exclude<JournalEntry, { t: 'accept' }>): void {
  if (entry.t === 'recipient') message.recipient = entry.recipient;
  else applyState(message, entry);
}

function applyState(message: Message, entry: StateEntry): void {
  if (entry.state === 'queued' && isSettled(message.state)) startAfresh(message, entry);
  if (entry.unproven && message.route !== undefined) {
    const { route, attempts: lease, recipient } = message;
    message.unproven = [...(message.unproven ?? []), { route, lease, session: recipient.id }];
  }
  message.state = entry.state;
  addToHistory(message.history, entry);
  if (entry.state === 'leased') message.attempts++;
  if (entry.state === 'queued' || entry.state === 'stuck') {
    delete message.route;
    delete message.promptId;
  }
  if (entry.route !== undefined) message.route = entry.route;
  if (entry.leaseDeadline !== undefined) message.leaseDeadline = entry.leaseDeadline;
  else delete message.leaseDeadline;
  if (entry.transcriptFrom !== undefined) {
    message.transcriptsFrom = [...(message.transcriptsFrom ?? []), entry.transcriptFrom];
  }
  if (entry.transcriptsFrom !== undefined) message.transcriptsFrom = entry.transcriptsFrom;
  if (entry.promptId !== undefined) message.promptId = entry.promptId;
  if (entry.answer !== undefined) message.answer = entry.answer;
  if (entry.reason !== undefined) message.reason = entry.reason;
  else delete message.reason;
}

/** A retry by hand: now, and what was tried before counts no more. */
function startAfresh(message: Message, { at }: StateEntry): void {
  delete message.expiresAt;
  delete message.notBefore;
  delete message.delayMs;
  delete message.unproven;
  message.retriedAt = at;
}
