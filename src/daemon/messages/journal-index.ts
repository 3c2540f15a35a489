/**
 * Where each message stands in the journal: which lines are its own, and the little that is asked of one that has ended and
 * is no longer in memory. Pure: knows no file.
 */
import { isFinal } from '../../protocol/message.ts';
import type { LineHead } from './journal-lines.ts';

/** A message's lines, in the order of the file. */
export interface IndexedMessage {
  readonly id: string;
  /** Its place in the order of acceptance. */
  readonly order: number;
  /** Of its `accept` line: where it stands, in bytes, and how long it is without its newline. */
  offset: number;
  bytes: number;
  /** Of the lines that came later: offset, bytes, offset, bytes, … */
  later: number[] | undefined;
  /** Milliseconds since the epoch; undefined while it is open. */
  endedAt: number | undefined;
  /** The session it is for, and the one that has sent it. */
  to: string | null;
  readonly from: string | undefined;
  readonly key: string | undefined;
}

/** How much of what has ended is kept. */
export interface Keeping {
  /** Ended before this, in milliseconds since the epoch: dropped. */
  endedAfter: number;
  /** Of the others, so many of the newest are kept, and so many bytes of their lines. */
  atMost: number;
  atMostBytes: number;
}

/** What has become of the lines of a journal that has been made short. */
export interface MovedLines {
  /** Lines before this have been retold, each message's in one. */
  oldEnd: number;
  /** Lines from `oldEnd` on stand here now, as they were. */
  tailStart: number;
  places: ReadonlyArray<readonly [message: IndexedMessage, offset: number, bytes: number]>;
}

export class JournalIndex {
  readonly #messages = new Map<string, IndexedMessage>();
  readonly #byKey = new Map<string, IndexedMessage>();
  /** Sessions come again and again: one copy of each id. */
  #names = new Map<string, string>();
  #nextOrder = 0;
  #ended = 0;

  get(id: string): IndexedMessage | undefined {
    return this.#messages.get(id);
  }

  /** The message first accepted with this key. */
  byKey(key: string): IndexedMessage | undefined {
    return this.#byKey.get(key);
  }

  /** In the order of acceptance. */
  all(): IterableIterator<IndexedMessage> {
    return this.#messages.values();
  }

  get endedCount(): number {
    return this.#ended;
  }

  /** A line has been read or written. @returns false when it speaks of a message that is not here */
  note(head: LineHead, offset: number, bytes: number): boolean {
    const known = this.#messages.get(head.id);
    if (head.t === 'accept') {
      // a journal says it once; whatever says it twice must not double it
      if (!known) this.#add(head, offset, bytes);
      return true;
    }
    if (!known) return false;
    if (head.t === 'state' && head.refused) {
      this.drop(known);
      return true;
    }
    known.later ??= [];
    known.later.push(offset, bytes);
    if (head.t === 'recipient') known.to = this.#name(head.to);
    else this.#setEnd(known, isFinal(head.state) ? head.at : undefined);
    return true;
  }

  drop(message: IndexedMessage): void {
    if (!this.#messages.delete(message.id)) return;
    this.#setEnd(message, undefined);
    if (message.key !== undefined && this.#byKey.get(message.key) === message) this.#byKey.delete(message.key);
  }

  /** Those that ended too long ago, or that are too many, the oldest first. */
  *beyond({ endedAfter, atMost, atMostBytes }: Keeping): Generator<IndexedMessage> {
    let tooMany = this.#ended - atMost;
    let tooManyBytes = this.endedBytes() - atMostBytes;
    for (const one of this.#messages.values()) {
      if (one.endedAt === undefined) continue;
      if (one.endedAt > endedAfter && tooMany <= 0 && tooManyBytes <= 0) continue;
      tooMany--;
      tooManyBytes -= bytesOf(one);
      yield one;
    }
  }

  /** What the lines of ended messages take. */
  endedBytes(): number {
    let bytes = 0;
    for (const one of this.#messages.values()) if (one.endedAt !== undefined) bytes += bytesOf(one);
    return bytes;
  }

  /**
   * The journal goes on in another file. Of a message that has no place there, nothing is known any more. What is known is written
   * anew in one go: strewn among what was let go of since, it would keep the memory of all of that.
   */
  move({ oldEnd, tailStart, places }: MovedLines): void {
    const shift = tailStart - oldEnd;
    const before = [...this.#messages.values()];
    const moved = new Map(places.map(([{ id }, offset, bytes]) => [id, { offset, bytes }]));
    this.#messages.clear();
    this.#byKey.clear();
    this.#ended = 0;
    for (const one of before) {
      const place = one.offset >= oldEnd ? { offset: one.offset + shift, bytes: one.bytes } : moved.get(one.id);
      if (place)
        this.#file({ ...one, id: copyOf(one.id), ...place, later: one.later && moveLater(one.later, oldEnd, shift) });
    }
  }

  #add(head: Extract<LineHead, { t: 'accept' }>, offset: number, bytes: number): void {
    const message: IndexedMessage = {
      id: head.id,
      order: this.#nextOrder++,
      offset,
      bytes,
      later: undefined,
      endedAt: head.endedAt,
      to: this.#name(head.to),
      from: head.from === undefined ? undefined : this.#name(head.from)!,
      key: head.key,
    };
    this.#file(message);
  }

  #file(message: IndexedMessage): void {
    this.#messages.set(message.id, message);
    if (message.key !== undefined) this.#byKey.set(message.key, message);
    this.#ended += Number(message.endedAt !== undefined);
  }

  #setEnd(message: IndexedMessage, endedAt: number | undefined): void {
    this.#ended += Number(endedAt !== undefined) - Number(message.endedAt !== undefined);
    message.endedAt = endedAt;
  }

  #name(id: string | null): string | null {
    if (id === null) return null;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    if (this.#names.size > 1000) this.#names = new Map();
    const own = copyOf(id);
    this.#names.set(own, own);
    return own;
  }
}

function bytesOf({ bytes, later = [] }: IndexedMessage): number {
  return later.reduce((sum, value, at) => (at % 2 === 1 ? sum + value : sum), bytes);
}

/** The lines from `oldEnd` on, shifted; undefined when there are none. */
function moveLater(later: readonly number[], oldEnd: number, shift: number): number[] | undefined {
  const first = later.findIndex((value, at) => at % 2 === 0 && value >= oldEnd);
  return first === -1 ? undefined : later.slice(first).map((value, at) => (at % 2 === 0 ? value + shift : value));
}

/** Not a part of the line that it stood in, which it would keep alive. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
