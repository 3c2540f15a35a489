/**
 * The append-only journal of the mailbox: one JSON object a line, first line the format version.
 * An accepted message is on disk (fsync) before its sender hears of it; sends that arrive together share one fsync.
 * A torn last line (power loss, kill -9 mid-write) is cut off at the next start. Format: docs/reliability.md.
 */
import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { replaceFile } from '../../home/replace-file.ts';
import type { JournalEntry } from './mailbox.ts';

const header = { journal: 'claudex', version: 1 };

/** Reads the journal's entries; repairs a torn tail in place. Lines that are no JSON elsewhere are counted, not fatal. */
export function readJournal(path: string): { entries: JournalEntry[]; damagedLines: number } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { entries: [], damagedLines: 0 };
    throw error;
  }
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  if (wholeBytes < bytes.length) truncate(path, wholeBytes);
  const entries: JournalEntry[] = [];
  let damagedLines = 0;
  for (const line of bytes.subarray(0, wholeBytes).toString('utf8').split('\n')) {
    if (line === '') continue;
    try {
      const value = JSON.parse(line) as JournalEntry | typeof header;
      if ('journal' in value) assertVersion(value.version);
      else if (isEntry(value)) entries.push(value);
      else damagedLines++;
    } catch (error) {
      if (error instanceof ClaudexError) throw error;
      damagedLines++;
    }
  }
  return { entries, damagedLines };
}

/** Enough to be applied without harm: a line that bit rot has left as JSON must not keep the daemon from starting. */
function isEntry(value: JournalEntry): boolean {
  if (value.t === 'accept') return typeof value.message?.id === 'string' && Array.isArray(value.message.history);
  return (value.t === 'state' || value.t === 'recipient') && typeof value.id === 'string';
}

function assertVersion(version: number): void {
  if (version > header.version) {
    throw new ClaudexError(
      'DAEMON_START_FAILED',
      `The journal has format ${version}; this claudex knows ${header.version}.`,
    );
  }
}

function truncate(path: string, bytes: number): void {
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, bytes);
  closeSync(fd);
}

/** Replaces the journal by one that says the same in fewer lines. Atomic: the old one stands until the new one is whole. */
export function rewriteJournal(path: string, entries: readonly JournalEntry[]): void {
  const lines = [header, ...entries].map((line) => JSON.stringify(line));
  replaceFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
}

export class Journal {
  readonly #fd: number;
  #bytes: number;
  #waiting: Array<{ resolve: () => void; reject: (error: unknown) => void }> = [];
  #syncing = false;
  #closed = false;

  constructor(path: string) {
    this.#fd = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#fd).size;
    if (this.#bytes === 0) this.#write(header);
  }

  /**
   * Appends without waiting for the disk: survives the death of this process, not a power cut.
   * @throws ClaudexError JOURNAL_UNWRITABLE; the journal is then as before.
   */
  append(entry: JournalEntry): void {
    this.#write(entry);
  }

  /**
   * Appends, and resolves when the entry is on disk. Calls made while a sync runs share the next one.
   * @throws ClaudexError JOURNAL_UNWRITABLE
   */
  async commit(entry: JournalEntry): Promise<void> {
    this.#write(entry);
    const onDisk = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#sync();
    await onDisk;
  }

  /** All of the line or none of it: what a full disk let through is cut off again. */
  #write(line: object): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
      this.#bytes += bytes.length;
    } catch (cause) {
      this.#cutOff();
      throw new ClaudexError('JOURNAL_UNWRITABLE', `${systemErrorCode(cause) ?? cause}.`, { cause });
    }
  }

  #cutOff(): void {
    try {
      ftruncateSync(this.#fd, this.#bytes);
    } catch {
      // a disk that takes nothing at all: the torn line is counted as damaged at the next start
    }
  }

  #sync(): void {
    if (this.#syncing || this.#waiting.length === 0) return;
    this.#syncing = true;
    const batch = this.#waiting;
    this.#waiting = [];
    fdatasync(this.#fd, (cause) => {
      this.#syncing = false;
      for (const one of batch) {
        if (cause) one.reject(new ClaudexError('JOURNAL_UNWRITABLE', `${cause.code ?? cause.message}.`, { cause }));
        else one.resolve();
      }
      if (this.#closed) closeSync(this.#fd);
      else this.#sync();
    });
  }

  close(): void {
    this.#closed = true;
    if (!this.#syncing) closeSync(this.#fd);
  }
}
