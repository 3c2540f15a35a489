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
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const leave = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
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
  #lines: string[] = [];

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

  /** Takes the terminal. */
  take(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#lines = [];
    this.#stdout.write(enter);
  }

  /** Draws every line anew with the next frame: the size has changed. */
  forget(): void {
    this.#lines = [];
    if (this.#isOn) this.#stdout.write('\x1b[2J');
  }

  /** One frame of ink's: the lines that differ from those that stand there. */
  write(frame: string): boolean {
    if (!this.#isOn) return true;
    const lines = frame.split('\n').slice(0, this.rows);
    const changed = lines.flatMap((line, at) => (line === this.#lines[at] ? [] : [`\x1b[${at + 1};1H\x1b[2K${line}`]));
    for (let at = lines.length; at < this.#lines.length; at++) changed.push(`\x1b[${at + 1};1H\x1b[2K`);
    this.#lines = lines;
    const isTaken = changed.length === 0 || this.#stdout.write(`${begin}${changed.join('')}${end}`);
    this.drawn.emit();
    return isTaken;
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
