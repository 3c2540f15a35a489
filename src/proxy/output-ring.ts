/** The last stretch of claude's output, kept by reference, so that the screen can be worked out if somebody asks. */
import type { PtySize } from '../pty/spawn-pty.ts';
import type { TerminalEvent } from '../terminal/screen-model.ts';

export class OutputRing {
  readonly #maxBytes: number;
  #events: TerminalEvent[] = [];
  #bytes = 0;
  #size: PtySize;

  constructor(size: PtySize, maxBytes = 512 * 1024) {
    this.#size = size;
    this.#maxBytes = maxBytes;
  }

  output(bytes: Buffer): void {
    this.#events.push(bytes);
    this.#bytes += bytes.length;
    while (this.#bytes > this.#maxBytes && this.#events.length > 1) this.#dropOldest();
  }

  resized(size: PtySize): void {
    // of several in a row the last one counts: dragging a window's edge must not fill the ring
    const last = this.#events.at(-1);
    if (last !== undefined && !Buffer.isBuffer(last)) this.#events.pop();
    this.#events.push(size);
  }

  /** The size before the first event, and the events since. */
  snapshot(): { size: PtySize; events: TerminalEvent[] } {
    return { size: this.#size, events: [...this.#events] };
  }

  /** The bytes alone. */
  bytes(): Buffer {
    return Buffer.concat(this.#events.filter((event) => Buffer.isBuffer(event)));
  }

  #dropOldest(): void {
    const oldest = this.#events.shift()!;
    if (Buffer.isBuffer(oldest)) this.#bytes -= oldest.length;
    else this.#size = oldest;
  }
}
