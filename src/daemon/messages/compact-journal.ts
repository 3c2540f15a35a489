/**
 * The journal made short again while the daemon runs: one line a message, without what ended long ago. Done in small steps
 * with pauses, from the old file into a new one; what is appended meanwhile is carried over before the new one takes its place.
 */
import { closeSync, fsync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { compactedPath, type Journal } from './journal.ts';
import type { IndexedMessage, Keeping } from './journal-index.ts';
import { journalHeader, lineOfMessage } from './journal-lines.ts';

const fsyncLater = promisify(fsync);

/** What is read, and what is written, in one step. */
const stepBytes = 256 << 10;
/** A longer rest is not carried over in the step that changes files. */
const lastStepBytes = 64 << 10;

export interface Compaction {
  keeping: Keeping;
  /** Resolves when the next step may be done. */
  pause: () => Promise<void>;
}

/**
 * @returns false when it has to be done again later: a message that was to be dropped has been taken up again, or the
 *   journal has been closed
 * @throws the system's error (a full disk); the old journal stands, and nothing is left beside it
 */
export async function compactJournal(journal: Journal, { keeping, pause }: Compaction): Promise<boolean> {
  const path = compactedPath(journal.path);
  rmSync(path, { force: true });
  const copy = new Copy(journal, path);
  let isDone = false;
  try {
    const dropped = new Set(journal.index.beyond(keeping));
    for (const message of [...journal.index.all()]) {
      if (!dropped.has(message)) copy.take(message);
      if (!copy.isStepFull) continue;
      copy.flush();
      await pause();
      if (journal.isClosed) return false;
    }
    if (!(await copy.follow(pause))) return false;
    await new Promise<void>((resolve, reject) => {
      journal.betweenSyncs(() => {
        try {
          isDone = !journal.isClosed && [...dropped].every((one) => copy.isUntouched(one));
          if (isDone) copy.replaceJournal();
          resolve();
        } catch (error) {
          isDone = false;
          reject(error);
        }
      });
    });
    return isDone;
  } finally {
    if (!isDone) copy.discard();
  }
}

/** The new journal. What stood in the old one up to the beginning is retold, the tail that grows meanwhile is copied. */
class Copy {
  readonly #journal: Journal;
  readonly #path: string;
  readonly #fd: number;
  readonly #oldEnd: number;
  #bytes = 0;
  #step: Buffer[] = [];
  #stepBytes = 0;
  #tailStart = 0;
  /** Each message and where its one line stands in the new file. */
  readonly #places: Array<[message: IndexedMessage, offset: number, bytes: number]> = [];

  constructor(journal: Journal, path: string) {
    this.#journal = journal;
    this.#path = path;
    this.#oldEnd = journal.bytes;
    this.#fd = openSync(path, 'wx', 0o600);
    this.#add(Buffer.from(`${JSON.stringify(journalHeader)}\n`));
  }

  get isStepFull(): boolean {
    return this.#stepBytes >= stepBytes;
  }

  /** True when nothing has been said of the message since the beginning. */
  isUntouched({ later }: IndexedMessage): boolean {
    return later === undefined || later.at(-2)! < this.#oldEnd;
  }

  /** One that cannot be read is left out: so it would be at the next start. */
  take(message: IndexedMessage): void {
    // accepted since: it stands in the tail
    if (message.offset >= this.#oldEnd) return;
    const line = this.#lineOf(message);
    if (!line) return;
    this.#places.push([message, this.#bytes, line.length - 1]);
    this.#add(line);
  }

  flush(): void {
    for (const part of this.#step) {
      for (let written = 0; written < part.length; ) written += writeSync(this.#fd, part, written);
    }
    this.#step = [];
    this.#stepBytes = 0;
  }

  /** Carries over what has been appended meanwhile, and waits for the disk. False when the journal has been closed. */
  async follow(pause: () => Promise<void>): Promise<boolean> {
    this.flush();
    this.#tailStart = this.#bytes;
    do {
      while (this.#behindBytes > lastStepBytes) {
        this.#addTail(Math.min(this.#behindBytes, stepBytes));
        await pause();
        if (this.#journal.isClosed) return false;
      }
      this.#addTail(this.#behindBytes);
      await fsyncLater(this.#fd);
    } while (this.#behindBytes > lastStepBytes);
    return !this.#journal.isClosed;
  }

  /** Carries over the rest and takes the old file's place. Between syncs. @throws the system's error; nothing has changed */
  replaceJournal(): void {
    if (this.#behindBytes > 0) {
      this.#addTail(this.#behindBytes);
      fsyncSync(this.#fd);
    }
    const fd = openSync(this.#path, 'a+');
    try {
      renameSync(this.#path, this.#journal.path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(this.#fd);
    syncFolder(dirname(this.#path));
    this.#journal.goOnIn(fd, this.#bytes, { oldEnd: this.#oldEnd, tailStart: this.#tailStart, places: this.#places });
  }

  discard(): void {
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }

  get #behindBytes(): number {
    return this.#journal.bytes - this.#oldEnd - (this.#bytes - this.#tailStart);
  }

  #lineOf(message: IndexedMessage): Buffer | undefined {
    const { offset, bytes, later } = message;
    if (later === undefined || later[0]! >= this.#oldEnd) {
      const line = Buffer.allocUnsafe(bytes + 1);
      return this.#journal.readBytes(line, offset) === line.length ? line : undefined;
    }
    const whole = this.#journal.read(message, this.#oldEnd);
    return whole && Buffer.from(`${lineOfMessage({ t: 'accept', message: whole })}\n`);
  }

  #addTail(bytes: number): void {
    const part = Buffer.allocUnsafe(bytes);
    const read = this.#journal.readBytes(part, this.#oldEnd + this.#bytes - this.#tailStart);
    if (read < bytes) throw new Error('the journal is shorter than what was written to it');
    this.#add(part);
    this.flush();
  }

  #add(part: Buffer): void {
    this.#step.push(part);
    this.#stepBytes += part.length;
    this.#bytes += part.length;
  }
}

/** The new name outlives a power cut. */
function syncFolder(path: string): void {
  try {
    const fd = openSync(path, 'r');
    fsyncSync(fd);
    closeSync(fd);
  } catch {
    // some file systems have no such thing
  }
}
