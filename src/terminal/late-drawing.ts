/**
 * Output on its way to a model of a screen, which is given it late and much at once: drawing is most of what a byte costs a host, and
 * nobody looks at the model while a program writes.
 */
import type { Terminal } from '@xterm/headless';
import { withoutScrolledOff } from './scrolled-off.ts';

/** Output is drawn this long after it came, or when somebody looks; of a flood, this long after so much of it that the first lines are dropped. */
const drawAfterMs = 50;
/** With more, it is drawn at once, where it is no flood. */
const maxUndrawnBytes = 1024 * 1024;
/** Five thousand lines are seldom less than this. */
const floodBytes = 256 * 1024;
/** The library is given so much at once, and lets others have their turn in between. */
const sliceBytes = 64 * 1024;

/** What the library keeps to itself: is its parser in the middle of something, do lines leave the screen at its top? */
interface Inner {
  _inputHandler: { _parser: { currentState: number }; _utf8Decoder: { interim: Uint8Array } };
  buffers: { normal: { scrollTop: number; scrollBottom: number } };
}

function innerOf(terminal: Terminal): Inner {
  return (terminal as unknown as { _core: Inner })._core;
}

/** Is that terminal in the middle of a sequence? Else it may be in the middle of a character. */
export function isInSequence(terminal: Terminal): boolean {
  return innerOf(terminal)._inputHandler._parser.currentState !== 0;
}

/** Does what the terminal has been given so far end in the middle of a sequence or of a character? */
export function isInTheMiddle(terminal: Terminal): boolean {
  return isInSequence(terminal) || innerOf(terminal)._inputHandler._utf8Decoder.interim[0] !== 0;
}

export interface LateDrawingOptions {
  terminal: Terminal;
  /** Lines that the terminal keeps above the screen. */
  scrollbackLines: number;
  /** These are on the screen now, all before them as well. */
  drawn: (bytes: Buffer) => void;
}

export class LateDrawing {
  readonly #options: LateDrawingOptions;
  /** Output that the library has not been given yet, and who waits for it. */
  #undrawn: Buffer[] = [];
  #undrawnBytes = 0;
  #takers: Array<() => void> = [];
  #drawSoon: NodeJS.Timeout | undefined;
  /** How many pieces the library has been given and has not drawn. */
  #drawing = 0;

  constructor(options: LateDrawingOptions) {
    this.#options = options;
  }

  /** Takes output; `bytes` may be overwritten after the call. `taken` is called when it is on the screen. */
  write(bytes: Buffer, taken?: () => void): void {
    this.#undrawn.push(Buffer.from(bytes));
    this.#undrawnBytes += bytes.length;
    if (taken) this.#takers.push(taken);
    if (this.#undrawnBytes >= maxUndrawnBytes) this.#tooMuch();
    else this.#drawSoon ??= setTimeout(() => this.draw(), drawAfterMs);
  }

  /** Gives the library what has come so far. */
  draw(): void {
    clearTimeout(this.#drawSoon);
    this.#drawSoon = undefined;
    if (this.#undrawn.length === 0) return;
    const bytes = this.#undrawn.length === 1 ? this.#undrawn[0]! : Buffer.concat(this.#undrawn);
    const takers = this.#takers;
    this.#undrawn = [];
    this.#undrawnBytes = 0;
    this.#takers = [];
    const all = this.#withoutScrolledOff(bytes);
    let from = 0;
    do {
      const slice = all.subarray(from, from + sliceBytes);
      from += sliceBytes;
      const isLast = from >= all.length;
      this.#drawing++;
      this.#options.terminal.write(slice, () => {
        this.#drawing--;
        this.#options.drawn(slice);
        if (!isLast) return;
        for (const taken of takers) taken();
        if (this.#undrawnBytes >= maxUndrawnBytes) this.#tooMuch();
      });
    } while (from < all.length);
  }

  dispose(): void {
    clearTimeout(this.#drawSoon);
  }

  /**
   * What the library has been given is to be on the screen first: which lines a flood pushes out is seen from there. While a flood goes
   * on, what it has pushed out is dropped and the rest waits on.
   */
  #tooMuch(): void {
    if (this.#drawing > 0) return;
    const bytes = Buffer.concat(this.#undrawn);
    const rest = this.#withoutScrolledOff(bytes);
    this.#undrawn = [rest];
    this.#undrawnBytes = rest.length;
    if (rest.length > maxUndrawnBytes / 2) {
      this.draw();
      return;
    }
    clearTimeout(this.#drawSoon);
    this.#drawSoon = setTimeout(() => this.draw(), drawAfterMs);
    // the last one waits for the screen, and with it whoever asks whether all is drawn
    const taken = this.#takers.splice(0, this.#takers.length - 1);
    for (const one of taken) one();
  }

  /** In a flood only the lines that stay are drawn. */
  #withoutScrolledOff(bytes: Buffer): Buffer {
    const { terminal, scrollbackLines } = this.#options;
    if (bytes.length < floodBytes || this.#drawing > 0 || isInTheMiddle(terminal)) return bytes;
    const { scrollTop, scrollBottom } = innerOf(terminal).buffers.normal;
    if (terminal.buffer.active.type !== 'normal' || scrollTop > 0 || scrollBottom < terminal.rows - 1) return bytes;
    return withoutScrolledOff(bytes, scrollbackLines + 2 * terminal.rows) ?? bytes;
  }
}
