/** The last stretch of claude's output, so that the screen can be worked out if somebody asks. */
import type { PtySize } from './pty/spawn-pty.ts';
import type { TerminalEvent } from './screen-model.ts';

/** Some of a program's output, with the changes of size in it. */
export interface Stretch {
  /** The size that held when the oldest kept byte came. */
  size: PtySize;
  events: TerminalEvent[];
  /** How many bytes had been output in all at its end. */
  end: number;
}

export class OutputRing {
  /** The byte that came as number n (from 0) stands at n modulo its length. */
  readonly #kept: Buffer;
  #count = 0;
  /** The size that held when the oldest kept byte came. */
  #size: PtySize;
  /** Changes since, each with the number of bytes that had come before it. */
  #resizes: { at: number; size: PtySize }[] = [];

  constructor(size: PtySize, maxBytes = 512 * 1024) {
    this.#size = size;
    this.#kept = Buffer.allocUnsafeSlow(maxBytes);
  }

  /** One that goes on from what another has kept. */
  static of({ size, events }: Pick<Stretch, 'size' | 'events'>): OutputRing {
    const ring = new OutputRing(size);
    for (const event of events) {
      if (Buffer.isBuffer(event)) ring.output(event);
      else ring.resized(event);
    }
    return ring;
  }

  output(bytes: Buffer): void {
    const max = this.#kept.length;
    const last = bytes.length > max ? bytes.subarray(bytes.length - max) : bytes;
    this.#count += bytes.length;
    const start = (this.#count - last.length) % max;
    const atEnd = last.copy(this.#kept, start);
    if (atEnd < last.length) last.copy(this.#kept, 0, atEnd);
    while (this.#resizes.length > 0 && this.#resizes[0]!.at <= this.#oldest) this.#size = this.#resizes.shift()!.size;
  }

  resized(size: PtySize): void {
    // of several in a row the last one counts: dragging a window's edge must not fill the ring
    if (this.#resizes.at(-1)?.at === this.#count) this.#resizes.pop();
    this.#resizes.push({ at: this.#count, size });
  }

  /** The size that holds now. */
  get size(): PtySize {
    return this.#resizes.at(-1)?.size ?? this.#size;
  }

  /** Has nothing been dropped yet? */
  get isWhole(): boolean {
    return this.#oldest === 0;
  }

  /** Everything that is kept: the size before the first event, and the events since. */
  snapshot(): Stretch {
    return this.#stretch(this.#oldest);
  }

  /** The events since the `end` of an earlier stretch; undefined when some of them are kept no more. */
  since(end: number): Stretch | undefined {
    // a change of size right at the oldest byte is kept as the size alone
    return end < this.#oldest || (end === this.#oldest && end > 0) ? undefined : this.#stretch(end);
  }

  #stretch(start: number): Stretch {
    const events: TerminalEvent[] = [];
    let from = start;
    for (const { at, size } of this.#resizes) {
      // one at the very beginning may be known already: it changes nothing a second time
      if (at < start) continue;
      if (at > from) events.push(this.#bytes(from, at));
      events.push(size);
      from = at;
    }
    if (this.#count > from) events.push(this.#bytes(from, this.#count));
    return { size: this.#size, events, end: this.#count };
  }

  get #oldest(): number {
    return Math.max(0, this.#count - this.#kept.length);
  }

  /** A copy of the bytes number `from` to `to`. */
  #bytes(from: number, to: number): Buffer {
    const max = this.#kept.length;
    const start = from % max;
    const end = start + (to - from);
    const atEnd = this.#kept.subarray(start, Math.min(end, max));
    return end <= max ? Buffer.from(atEnd) : Buffer.concat([atEnd, this.#kept.subarray(0, end - max)]);
  }
}
