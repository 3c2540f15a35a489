/**
 * A journal read from its end: of a message that has ended and is not kept, the newest line says so, and its older ones are
 * passed over. What a start costs in memory is what it keeps. The lines that count are then told to the index in the order of the file.
 */
import { isFinal } from '../../protocol/message.ts';
import type { JournalIndex, Keeping } from './journal-index.ts';
import { idIn, isAcceptLine, type LineHead, readHead, stateIn } from './journal-lines.ts';
import { SeenIds } from './seen-ids.ts';
import { visitLines, visitLinesFromEnd } from './visit-lines.ts';

export interface JournalReading {
  /** What of ended messages is taken in; all of them without it. */
  keeping?: Keeping | undefined;
  /** A piece has been read. */
  onPiece?: (() => void) | undefined;
}

/** Reads the first `size` bytes. @returns where the last whole line ends, and how many lines were no entry @throws as readHead does */
export function readJournal(
  fd: number,
  size: number,
  index: JournalIndex,
  { keeping, onPiece }: JournalReading,
): { bytes: number; damagedLines: number } {
  const reader = new Reader(keeping);
  const bytes = visitLinesFromEnd(fd, size, (...line) => reader.visit(...line), onPiece);
  if (reader.suspects.size > 0) {
    visitLines(fd, bytes, (...line) => reader.visitAgain(...line), onPiece);
    reader.clearSuspects();
  }
  for (const { head, offset, bytes: length } of reader.lines()) index.note(head, offset, length);
  return { bytes, damagedLines: reader.damagedLines };
}

const renewAfter = 1000;

interface Line {
  head: LineHead;
  offset: number;
  bytes: number;
}

/** A message of which lines were met; the newest line first. */
interface Found {
  lines: Line[];
  /** The newest state that was met is a final one, reached at that time; or 'open'; undefined before one was met. */
  end: number | 'open' | undefined;
  /** How many of `lines` count: up to the oldest `accept` that was met. */
  whole: number;
  isCounted: boolean;
}

class Reader {
  damagedLines = 0;
  /** They look open, but may be told of twice and have ended: to be read once more, from the front. Each with what was read then. */
  readonly suspects = new Map<string, Line[]>();
  readonly #keeping: Keeping | undefined;
  readonly #found = new Map<string, Found>();
  /** Not kept, and the `accept` line is still to come. */
  #dropped = new Set<string>();
  #passedSince = 0;
  readonly #refused = new Set<string>();
  /** Not kept, and all is read; true of a few others. */
  readonly #passed = new SeenIds();
  #ended = 0;
  #endedBytes = 0;
  #isFull: boolean;

  constructor(keeping: Keeping | undefined) {
    this.#keeping = keeping;
    this.#isFull = keeping !== undefined && keeping.atMost <= 0;
  }

  visit(buffer: Buffer, start: number, end: number, offset: number): void {
    if (this.#isFull && this.#passesOver(buffer, start, end)) return;
    const head = readHead(buffer, start, end);
    if (head === undefined) this.damagedLines++;
    else if (head !== 'header') this.#take(head, offset, end - start);
  }

  /** The same line from the front. */
  visitAgain(buffer: Buffer, start: number, end: number, offset: number): void {
    const head = readHead(buffer, start, end);
    if (typeof head !== 'object') return;
    const lines = this.suspects.get(head.id);
    if (!lines || (head.t !== 'accept' && lines.length === 0)) return;
    lines.push({ head, offset, bytes: end - start });
  }

  /** Those that are open after all are kept. */
  clearSuspects(): void {
    for (const [id, lines] of this.suspects) {
      lines.reverse();
      const end = lines.map(({ head }) => endOf(head)).find((one) => one !== undefined);
      if (typeof end !== 'number') this.#found.set(id, { lines, end, whole: lines.length, isCounted: false });
    }
    this.suspects.clear();
  }

  /** The lines of what is kept, in the order of the file. An `accept` that comes again is among them: the index takes the first. */
  *lines(): Generator<Line> {
    const whole = [...this.#found.values()].filter((one) => one.whole > 0);
    const firstOf = ({ lines, whole: count }: Found): number => lines[count - 1]!.offset;
    for (const { lines, whole: count } of whole.sort((a, b) => firstOf(a) - firstOf(b))) {
      for (let at = count - 1; at >= 0; at--) yield lines[at]!;
    }
  }

  /**
   * True when the line tells of what has ended and is not kept. Nothing is made of it, because millions of small things that are
   * soon let go of grow the heap all the same.
   */
  #passesOver(buffer: Buffer, start: number, end: number): boolean {
    const id = idIn(buffer, start, end);
    if (id === undefined) return false;
    if (this.#dropped.has(id)) {
      if (isAcceptLine(buffer, start)) this.#pass(id);
      return true;
    }
    const state = stateIn(buffer, start, end);
    const isEnd = state !== undefined && isFinal(state);
    if (!isEnd || this.#found.has(id) || this.suspects.has(id) || this.#refused.has(id)) return false;
    this.#dropped.add(id);
    return true;
  }

  #take(head: LineHead, offset: number, bytes: number): void {
    const { id } = head;
    if (this.#dropped.has(id)) {
      if (head.t === 'accept') this.#pass(id);
      return;
    }
    if (this.suspects.has(id) || this.#refused.has(id)) return;
    if (head.t === 'state' && head.refused) {
      this.#refused.add(id);
      this.#found.delete(id);
      return;
    }
    let found = this.#found.get(id);
    const end = found?.end ?? endOf(head);
    // once all of it was met, an older line is none of its own, or it stands there twice
    if ((found === undefined || found.whole === 0) && this.#isBeyond(end)) {
      if (head.t === 'accept') this.#pass(id);
      else this.#drop(id);
      return;
    }
    if (found === undefined) {
      found = { lines: [], end, whole: 0, isCounted: false };
      this.#found.set(id, found);
    }
    found.end = end;
    found.lines.push({ head, offset, bytes });
    if (head.t === 'accept') this.#complete(id, found);
  }

  #complete(id: string, found: Found): void {
    found.whole = found.lines.length;
    if (typeof found.end !== 'number') {
      if (!this.#passed.mayHave(id)) return;
      this.suspects.set(id, []);
      this.#found.delete(id);
      return;
    }
    if (found.isCounted || !this.#keeping) return;
    if (this.#isBeyond(found.end)) {
      this.#pass(id);
      return;
    }
    found.isCounted = true;
    this.#ended++;
    this.#endedBytes += found.lines.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#isFull = this.#ended >= this.#keeping.atMost || this.#endedBytes >= this.#keeping.atMostBytes;
  }

  #isBeyond(end: Found['end']): boolean {
    return typeof end === 'number' && this.#keeping !== undefined && (this.#isFull || end <= this.#keeping.endedAfter);
  }

  #drop(id: string): void {
    this.#found.delete(id);
    this.#dropped.add(id);
  }

  #pass(id: string): void {
    this.#found.delete(id);
    this.#dropped.delete(id);
    this.#passed.add(id);
    // a set that has grown old rebuilds itself, after every few of its changes, in memory that only a full collection gives back
    if (++this.#passedSince % renewAfter === 0) this.#dropped = new Set(this.#dropped);
  }
}

/** What a line says of the end of its message. */
function endOf(head: LineHead): Found['end'] {
  if (head.t === 'accept') return head.endedAt;
  if (head.t === 'recipient') return undefined;
  return isFinal(head.state) ? head.at : 'open';
}
