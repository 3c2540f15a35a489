/** The person's terminal: its settings and size, raw mode with its restore armed first, reading, and writing without blocking. */
import { writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import type { TtyCalls, TtySettings, WindowSize } from '../tty-calls.ts';
import { TerminalModes } from './terminal-modes.ts';

/** What may wait for a terminal that does not read before we stop reading claude. */
const maxWaitingBytes = 128 * 1024;

export class OuterTty {
  /** Keys, and what the terminal says by itself. */
  readonly input: ReadStream;
  /** Which modes the program has turned on in it. */
  readonly modes = new TerminalModes();
  readonly #calls: TtyCalls;
  /** A ReadStream, because a WriteStream blocks: claudex would hear no signal while the terminal is stopped. */
  readonly #output: ReadStream;
  #found: TtySettings | undefined;
  #isRaw = false;

  /** Leaves the terminal as it is until `enterRawMode`. */
  constructor(calls: TtyCalls, options: { onWritable: () => void; onGone: () => void }) {
    this.#calls = calls;
    this.#found = calls.readSettings(0);
    this.input = new ReadStream(0);
    // a public class with an option that is not: without it the high-water mark is 0, and every write asks for a pause
    this.#output = new ReadStream(1, { highWaterMark: maxWaitingBytes } as object);
    this.#output.on('drain', options.onWritable).on('error', options.onGone);
    this.input.on('end', options.onGone).on('error', options.onGone);
  }

  /** As they were before raw mode; undefined when the terminal is gone. */
  get settings(): TtySettings | undefined {
    return this.#found;
  }

  size(): WindowSize {
    return this.#calls.readSize(1) ?? { cols: 0, rows: 0, pixelWidth: 0, pixelHeight: 0 };
  }

  /**
   * Turns on raw mode in both directions: Node's own leaves output processing on, and `\n` would come out as `\r\n`
   * (facts, section 7). A terminal that is raw already stays as it is.
   */
  enterRawMode(): void {
    const now = this.#calls.readSettings(0);
    if (!now || (this.#isRaw && !this.#calls.echoes(now))) return;
    process.removeListener('exit', this.#emergency);
    process.on('exit', this.#emergency);
    this.#isRaw = true;
    this.#found = now;
    this.#calls.writeSettings(0, this.#calls.rawSettings(now));
  }

  /** Puts the settings back as they were found. */
  leaveRawMode(): void {
    process.removeListener('exit', this.#emergency);
    if (this.#isRaw && this.#found) this.#calls.writeSettings(0, this.#found);
    this.#isRaw = false;
  }

  /** The end: what the program has left turned on is undone, then the settings are put back. */
  restore(diedOfSignal: boolean): void {
    const undo = this.modes.undo(diedOfSignal);
    try {
      if (undo) writeSync(1, undo);
    } catch {
      // expected: the terminal is gone, or does not read
    }
    this.leaveRawMode();
  }

  /** False when the terminal does not keep up: `onWritable` is called when it does again. */
  write(bytes: Buffer): boolean {
    return this.#output.destroyed || this.#output.write(bytes);
  }

  /** Resolves when everything written has reached the terminal, or the terminal is gone. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#output.destroyed || this.#output.writableLength === 0) return resolve();
      this.#output.once('close', () => resolve());
      this.#output.write('', () => resolve());
    });
  }

  readonly #emergency = (): void => this.restore(true);
}
