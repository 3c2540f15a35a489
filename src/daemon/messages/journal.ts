/**
 * The append-only journal of the mailbox: one JSON object a line, first line the format version.
 * An accepted message is on disk (fsync) before its sender hears of it; sends that arrive together share one fsync.
 * A torn last line (power loss, kill -9 mid-write) is cut off at the next start. Format: docs/reliability.md.
 */
import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import type { Message } from '../../protocol/message.ts';
import { applyEntry, type JournalEntry } from './journal-entry.ts';
import { type IndexedMessage, JournalIndex, type MovedLines } from './journal-index.ts';
import { headOf, journalHeader, type LineHead, parseLine } from './journal-lines.ts';
import { type JournalReading, readJournal } from './read-journal.ts';

/** The calls to the system that may fail. */
export interface JournalDisk {
  writeSync: (fd: number, bytes: Uint8Array, offset: number) => number;
  ftruncateSync: (fd: number, bytes: number) => void;
  fdatasync: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => void;
}

export interface JournalOptions extends JournalReading {
  disk?: JournalDisk;
}

/** Where a shorter journal is written; one that is found at a start was not finished. */
export function compactedPath(path: string): string {
  return `${path}.compacted`;
}

export class Journal {
  readonly path: string;
  readonly index = new JournalIndex();
  /** Lines that were no JSON or no entry. */
  damagedLines = 0;
  readonly #disk: JournalDisk;
  #fd: number;
  #bytes = 0;
  /** What stands behind the last whole line could not be cut off. */
  #isTorn = false;
  #waiting: Array<{ resolve: () => void; reject: (error: unknown) => void }> = [];
  #betweenSyncs: Array<() => void> = [];
  #syncing = false;
  #closed = false;

  /** Reads what is there into the index. @throws ClaudexError DAEMON_START_FAILED (a newer format), JOURNAL_UNWRITABLE */
  constructor(path: string, options: JournalOptions = {}) {
    this.path = path;
    this.#disk = options.disk ?? { writeSync, ftruncateSync, fdatasync };
    rmSync(compactedPath(path), { force: true });
    this.#fd = openSync(path, 'a+', 0o600);
    try {
      this.#read(options);
      if (this.#bytes === 0) this.#write(JSON.stringify(journalHeader));
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Its size in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends without waiting for the disk: survives the death of this process, not a power cut.
   * @throws ClaudexError JOURNAL_UNWRITABLE; the journal is then as before.
   */
  append(entry: JournalEntry): void {
    const offset = this.#write(JSON.stringify(entry));
    this.index.note(headOf(entry) as LineHead, offset, this.#bytes - offset - 1);
  }

  /**
   * Appends, and resolves when the entry is on disk. Calls made while a sync runs share the next one.
   * @throws ClaudexError JOURNAL_UNWRITABLE; the entry may stand in the journal all the same
   */
  async commit(entry: JournalEntry): Promise<void> {
    this.append(entry);
    const onDisk = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#sync();
    await onDisk;
  }

  /** The message as its lines tell; undefined when they cannot be read. */
  read(indexed: IndexedMessage, before = Number.POSITIVE_INFINITY): Message | undefined {
    const first = this.#readLine(indexed.offset, indexed.bytes);
    if (first?.t !== 'accept') return undefined;
    const { later = [] } = indexed;
    for (let at = 0; at < later.length && later[at]! < before; at += 2) {
      const entry = this.#readLine(later[at]!, later[at + 1]!);
      if (entry && entry.t !== 'accept') applyEntry(first.message, entry);
    }
    return first.message;
  }

  /** Reads bytes as they stand. @returns how many */
  readBytes(into: Uint8Array, offset: number): number {
    let read = 0;
    while (read < into.length) {
      const more = readSync(this.#fd, into, read, into.length - read, offset + read);
      if (more === 0) break;
      read += more;
    }
    return read;
  }

  /** Runs `then` while no sync is under way: at once, or right after the one that is. */
  betweenSyncs(then: () => void): void {
    if (this.#syncing) this.#betweenSyncs.push(then);
    else then();
  }

  /** Goes on in another file, which says the same and has this name by now. Call between syncs. */
  goOnIn(fd: number, bytes: number, moved: MovedLines): void {
    closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = bytes;
    this.#isTorn = false;
    this.index.move(moved);
  }

  close(): void {
    this.#closed = true;
    if (!this.#syncing) closeSync(this.#fd);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  #read(options: JournalOptions): void {
    const { size } = fstatSync(this.#fd);
    const { bytes, damagedLines } = readJournal(this.#fd, size, this.index, options);
    this.#bytes = bytes;
    this.damagedLines = damagedLines;
    this.#isTorn = bytes < size;
    if (this.#isTorn) this.#cutOff();
  }

  #readLine(offset: number, bytes: number): JournalEntry | undefined {
    const buffer = Buffer.allocUnsafe(bytes);
    if (this.readBytes(buffer, offset) < bytes) return undefined;
    const entry = parseLine(buffer.toString('utf8'));
    return entry === 'header' ? undefined : entry;
  }

  /** All of the line or none of it: what a full disk let through is cut off again. @returns where the line stands */
  #write(line: string): number {
    try {
      if (this.#isTorn) this.#endTornLine();
      const bytes = Buffer.from(`${line}\n`);
      this.#writeAll(bytes);
      return this.#bytes - bytes.length;
    } catch (cause) {
      this.#cutOff();
      throw new ClaudexError('JOURNAL_UNWRITABLE', `${systemErrorCode(cause) ?? cause}.`, { cause });
    }
  }

  #writeAll(bytes: Buffer): void {
    this.#isTorn = true;
    let written = 0;
    while (written < bytes.length) written += this.#disk.writeSync(this.#fd, bytes, written);
    this.#isTorn = false;
    // a daemon that has lost its lock and does not know it yet may have written beside us
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** Nothing is appended to half a line: it is cut off, or becomes a damaged line of its own. */
  #endTornLine(): void {
    this.#cutOff();
    if (!this.#isTorn) return;
    const whole = this.#bytes;
    this.#bytes = fstatSync(this.#fd).size;
    try {
      this.#writeAll(Buffer.from('\n'));
    } catch (error) {
      this.#bytes = whole;
      throw error;
    }
  }

  #cutOff(): void {
    try {
      this.#disk.ftruncateSync(this.#fd, this.#bytes);
      this.#isTorn = false;
    } catch {
      // a disk that takes nothing at all: tried again before the next line
    }
  }

  #sync(): void {
    if (this.#syncing || this.#waiting.length === 0) return;
    this.#syncing = true;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#disk.fdatasync(this.#fd, (cause) => {
      this.#syncing = false;
      for (const one of batch) {
        if (cause) one.reject(new ClaudexError('JOURNAL_UNWRITABLE', `${cause.code ?? cause.message}.`, { cause }));
        else one.resolve();
      }
      const then = this.#betweenSyncs;
      this.#betweenSyncs = [];
      for (const one of then) one();
      if (this.#closed) closeSync(this.#fd);
      else this.#sync();
    });
  }
}
