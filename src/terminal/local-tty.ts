/** The person's terminal: its settings and size, raw mode with its restore armed first, reading, and writing without blocking. */
import { readSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { Signal } from '../process/signal.ts';
import { TerminalModes } from './terminal-modes.ts';
import type { TtyCalls, TtySettings, WindowSize } from './tty-calls.ts';
import { createTtyReader } from './tty-reader.ts';

/** Read at most this much at once. */
const maxKeyBytes = 64 * 1024;

export class LocalTty {
  /** Keys, and what the terminal says by itself; none come before `resumeInput`. */
  readonly input = new Signal<Buffer>();
  /** The terminal keeps up again, or is gone and takes everything. */
  readonly writable = new Signal<void>();
  /** The keys have ended, or the output cannot be written. */
  readonly gone = new Signal<void>();
  /** Which modes the program has turned on in it. */
  readonly modes = new TerminalModes();
  readonly #calls: TtyCalls;
  readonly #input: ReadStream;
  /** A ReadStream, because a WriteStream blocks: claudex would hear no signal while the terminal is stopped. */
  readonly #output: ReadStream;
  #found: TtySettings | undefined;
  #isRaw = false;

  /** Leaves the terminal as it is until `enterRawMode`. */
  constructor(calls: TtyCalls) {
    this.#calls = calls;
    this.#found = calls.readSettings(0);
    const keys = Buffer.allocUnsafeSlow(maxKeyBytes);
    // copied: they may have to wait
    this.#input = createTtyReader(0, keys, (length) => this.input.emit(Buffer.from(keys.subarray(0, length))));
    this.#output = new ReadStream(1).on('error', () => {
      // Output that was held back for this terminal is let go, because nobody reads it any more. The keys may come from
      // another terminal that is still there (`claudex >/dev/pts/7`), so the end is told here as well.
      this.writable.emit();
      this.gone.emit();
    });
    this.#input.on('end', () => this.gone.emit()).on('error', () => this.gone.emit());
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
   * (docs/claude-facts.md#terminals-and-node-pty). A terminal that is raw already stays as it is.
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

  /** What has been typed so far; only in raw mode, and before `resumeInput`. */
  typedAhead(): Buffer {
    const keys = Buffer.alloc(this.#calls.readable(0));
    return keys.length > 0 ? keys.subarray(0, readSync(0, keys)) : keys;
  }

  /** Puts the settings back as they were found. */
  leaveRawMode(): void {
    process.removeListener('exit', this.#emergency);
    if (this.#isRaw && this.#found) this.#calls.writeSettings(0, this.#found);
    this.#isRaw = false;
  }

  /** The end: what the program has left turned on is undone, after everything written; `flushed` says when that is. */
  undoModes(diedOfSignal: boolean): void {
    const undo = this.modes.undo(diedOfSignal);
    if (undo && !this.#output.destroyed) this.#output.write(undo);
  }

  /** The end without waiting: undoes the modes if the terminal takes it now, and puts the settings back. */
  restoreNow(): void {
    const undo = this.modes.undo(true);
    try {
      if (undo) writeSync(1, undo);
    } catch {
      // expected: the terminal is gone, or does not read
    }
    this.leaveRawMode();
  }

  resumeInput(): void {
    this.#input.resume();
  }

  pauseInput(): void {
    this.#input.pause();
  }

  /**
   * False when the terminal does not keep up: `bytes` must then stay as they are, and nothing more be written, until
   * `writable` is emitted.
   */
  write(bytes: Buffer): boolean {
    if (this.#output.destroyed) return true;
    // what still waits comes first
    const written = this.#output.writableLength > 0 ? 0 : this.#writeNow(bytes);
    if (written === bytes.length) return true;
    this.#output.write(bytes.subarray(written), (error) => {
      if (!error) this.writable.emit();
    });
    return false;
  }

  /** Is there something that the terminal has had no room for yet? */
  get isWaiting(): boolean {
    return !this.#output.destroyed && this.#output.writableLength > 0;
  }

  /** Resolves when everything written has reached the terminal, or the terminal is gone. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#output.destroyed || this.#output.writableLength === 0) return resolve();
      this.#output.once('close', () => resolve());
      this.#output.write('', () => resolve());
    });
  }

  /** Writes without the stream, because the stream takes several times as long to the same call. Returns how much the terminal has taken. */
  #writeNow(bytes: Buffer): number {
    try {
      return writeSync(1, bytes);
    } catch {
      // no room, or the terminal is gone: the stream waits, or tells
      return 0;
    }
  }

  readonly #emergency = (): void => this.restoreNow();
}
