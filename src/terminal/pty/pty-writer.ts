/** Writes to the master of a pty, in order and without ever blocking. */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemErrorCode } from '../../errors/claudex-error.ts';

/** What may wait for a process that does not read before we stop reading the person's terminal. */
const maxWaitingBytes = 64 * 1024;
/** Room is asked for again after this long, doubled each time that there is none. */
const againMs = 1;
const maxAgainMs = 64;

/**
 * Node's own streams block on the master: libuv spins until the process reads, and no key, signal or resize is heard
 * meanwhile (uv_tty_init falls back to blocking writes where it cannot reopen the terminal). Nor can they wait for room; so
 * while there is none, and only then, a timer asks again.
 */
export class PtyWriter {
  readonly #fd: number;
  readonly #onWritable: () => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Somebody has been told to wait. */
  #holdsUp = false;
  #closed = false;

  /** `fd` must not block. */
  constructor(fd: number, onWritable: () => void) {
    this.#fd = fd;
    this.#onWritable = onWritable;
  }

  /** False when the process does not keep up: `onWritable` is called when everything has been written, and only then. */
  write(bytes: Buffer): boolean {
    if (this.#closed) return true;
    const isFirst = this.#queuedBytes === 0;
    const rest = isFirst ? this.#writeNow(bytes) : bytes;
    if (rest.length > 0) {
      this.#queue.push(rest);
      this.#queuedBytes += rest.length;
      if (isFirst) void this.#writeQueue();
    }
    if (this.#queuedBytes < maxWaitingBytes) return true;
    this.#holdsUp = true;
    return false;
  }

  /** Bytes that wait for room. */
  get waiting(): number {
    return this.#queuedBytes;
  }

  /** What waits, for somebody else to write: nothing more is written here, until `goOn`. */
  takeWaiting(): Buffer {
    const waiting = Buffer.concat(this.#queue);
    this.close();
    return waiting;
  }

  /** With what was taken first. */
  goOn(waiting: Buffer): void {
    this.#closed = false;
    if (waiting.length > 0) this.write(waiting);
  }

  /** Before the descriptor is closed. What still waits is dropped: nobody is there to read it. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  async #writeQueue(): Promise<void> {
    let againInMs = againMs;
    while (!this.#closed) {
      const first = this.#queue[0];
      if (!first) break;
      const rest = this.#writeNow(first);
      const written = first.length - rest.length;
      this.#queuedBytes -= written;
      if (rest.length === 0) {
        this.#queue.shift();
        continue;
      }
      this.#queue[0] = rest;
      againInMs = written > 0 ? againMs : Math.min(againInMs * 2, maxAgainMs);
      await delay(againInMs);
    }
    if (this.#closed || !this.#holdsUp) return;
    this.#holdsUp = false;
    this.#onWritable();
  }

  /** What there was no room for. */
  #writeNow(bytes: Buffer): Buffer {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch (error) {
      // EIO: the terminal has been hung up, and nobody will read
      if (systemErrorCode(error) !== 'EAGAIN') this.close();
    }
    return rest;
  }
}
