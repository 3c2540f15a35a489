/**
 * The terminal while the board has it: the alternate screen, raw mode and back, however the board ends. Ink writes whole frames
 * here, and only the lines that have changed go on to the terminal, each at its place.
 */
import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { systemErrorCode } from '../errors/claudex-error.ts';
import { Signal } from '../process/signal.ts';

/** Alternate screen, no cursor, no line wrap. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const clear = '\x1b[2J';
const leave = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
const cursorOnly = /^(\x1b\[\?25[hl])*$/;
/** Synchronised output: a terminal that knows it shows a frame at once. */
const begin = '\x1b[?2026h';
const end = '\x1b[?2026l';

/** What ink needs of a terminal to write to. */
export class BoardScreen extends EventEmitter {
  readonly isTTY = true;
  /** A frame has gone to the terminal. */
  readonly drawn = new Signal<void>();
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  #isOn = false;
  /** The last frame, and the lines of it that stand on the screen; undefined when nothing is known of what stands there. */
  #frame: string | undefined;
  #lines: string[] | undefined;

  constructor(stdin: ReadStream, stdout: WriteStream) {
    super();
    this.#stdin = stdin;
    this.#stdout = stdout;
  }

  get columns(): number {
    return this.#stdout.columns || 80;
  }

  get rows(): number {
    return this.#stdout.rows || 24;
  }

  /** Takes the terminal. What was on the board stands there at once, because ink may take its time, or find nothing new to draw. */
  take(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    // a key that comes before ink has set this up would be another one: Enter a line end
    if (this.#stdin.isTTY) this.#stdin.setRawMode(true);
    this.#stdout.write(enter);
    this.redraw();
  }

  /** Draws every line anew: another program has had the screen, or its size has changed. */
  redraw(): void {
    this.#lines = undefined;
    if (this.#isOn) this.#draw(this.#frame ?? '');
  }

  /** One frame of ink's: the lines that differ from those that stand there. */
  write(frame: string): boolean {
    // ink shows the cursor as it leaves: that is no frame, and the cursor is ours
    if (!this.#isOn || cursorOnly.test(frame)) return true;
    this.#frame = frame;
    const isTaken = this.#draw(frame);
    this.drawn.emit();
    return isTaken;
  }

  #draw(frame: string): boolean {
    const before = this.#lines ?? [];
    const changed = this.#lines === undefined ? [clear] : [];
    const lines = frame.split('\n').slice(0, this.rows);
    for (const [at, line] of lines.entries()) if (line !== before[at]) changed.push(`\x1b[${at + 1};1H\x1b[2K${line}`);
    for (let at = lines.length; at < before.length; at++) changed.push(`\x1b[${at + 1};1H\x1b[2K`);
    this.#lines = lines;
    return changed.length === 0 || this.#stdout.write(`${begin}${changed.join('')}${end}`);
  }

  /**
   * Resolves when no key is read any more: whoever has the terminal now shall have all of them. Ink has only taken its listener
   * away, which a stream hears of a moment later; it goes on reading then, and takes `pause` for an order only while it flows.
   */
  async stopReading(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#stdin.resume();
    this.#stdin.pause();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Gives the terminal back, at once: also while the process ends. */
  giveBack(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    try {
      if (this.#stdin.isTTY) this.#stdin.setRawMode(false);
      writeSync(1, leave);
    } catch (error) {
      // the terminal has gone, or takes nothing: there is nothing to give back
      if (!['EIO', 'EPIPE', 'EAGAIN', 'EBADF'].includes(systemErrorCode(error) ?? '')) throw error;
    }
  }
}
