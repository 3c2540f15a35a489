/**
 * Draws a screen model on another terminal in pieces, while the model goes on: first the lines above the screen, oldest first and each
 * once, then the screen itself. Nothing is kept of what the next pieces will hold: each is made when it is asked for.
 */
import type { Terminal } from '@xterm/headless';
import { drawLine, drawScreen, type ScreenEnd, type WhatIsAbove } from './draw-screen.ts';
import type { LinePlace, LinePlaces } from './line-places.ts';

export interface ScreenDrawingOptions {
  terminal: Terminal;
  places: LinePlaces;
  /** Are the lines above the screen drawn, too? */
  scrollback: boolean;
  /** What makes any terminal blank, all its modes off, the cursor at home; what is above its screen stays. */
  blank: () => string;
  /** What turns on the modes that keys and pastes come in: on from the first line on. */
  inputModes: () => string;
  /** What is said behind the screen's rows. */
  end: () => ScreenEnd;
}

export interface Piece {
  text: string;
  /** The screen itself is in it: whoever has been given all pieces shows what the model shows. */
  isLast: boolean;
}

/** Turns off what `inputModes` may have turned on. */
const noInputModes = '\x1b[?1l\x1b[?66l\x1b[?1004l\x1b[?2004l';

export class ScreenDrawing {
  readonly #options: ScreenDrawingOptions;
  /** What stands where the next line is to go; undefined at the beginning, and after `again`. */
  #above: WhatIsAbove | undefined;
  #hasBegun = false;
  /** The first line that is not drawn yet; undefined before the first piece and where lines are left out. */
  #next: LinePlace | undefined;
  /** That line is the rest of a wrapped one. */
  #isInLine = false;
  #inputModes = '';
  #skips: boolean;

  constructor(options: ScreenDrawingOptions) {
    this.#options = options;
    this.#skips = !options.scrollback;
  }

  /** The terminal has another size, or shows something else: the next piece begins on a blank screen, below what has been drawn so far. */
  again(): void {
    this.#above = undefined;
  }

  /** Leaves out what has not been drawn of the lines above the screen. */
  skipToScreen(): void {
    this.#skips = true;
    this.dispose();
  }

  /**
   * What is drawn next: lines above the screen until they are `maxBytes`, up to twice as much where a line of the program is wrapped
   * there; the screen with the last of them. Lines that have left the model before their turn are missing. All output must have settled.
   */
  next(maxBytes: number): Piece {
    const { terminal, places, blank, inputModes, end } = this.#options;
    const { normal } = terminal.buffer;
    const first = this.#first();
    let y = Math.min(first, normal.baseY);
    let text = '';
    if (this.#above === 'the line before' && this.#next?.y !== first) this.#above = 'another line';
    if (!this.#above) {
      // what has been drawn goes up, out of the way, but for what has come back onto the screen since
      const away = terminal.rows - (this.#isInLine ? 0 : 1) - (first - y);
      if (this.#hasBegun) text += `\x1b[0m\r${'\n'.repeat(Math.max(0, away))}`;
      this.#inputModes = inputModes();
      text += blank() + this.#inputModes;
      this.#above = 'nothing';
    }
    this.#hasBegun = true;
    for (let bytes = 0; y < normal.baseY; y++) {
      if (bytes >= (normal.getLine(y)?.isWrapped ? 2 * maxBytes : maxBytes)) break;
      const line = drawLine(terminal, normal, y, this.#above);
      this.#above = 'the line before';
      bytes += Buffer.byteLength(line);
      text += line;
    }
    this.dispose();
    if (y < normal.baseY) {
      this.#next = places.keep(y);
      this.#isInLine = normal.getLine(y)!.isWrapped;
      if (this.#isInLine) return { text, isLast: false };
      // a line that the cursor stands in is cut off where its terminal becomes narrower
      this.#above = 'nothing';
      return { text: `${text}\x1b[0m\r\n`, isLast: false };
    }
    const now = inputModes();
    const { modes, beforeAlternate } = end();
    const changed = now === this.#inputModes ? '' : noInputModes + now;
    text += drawScreen(terminal, this.#above, { modes: changed + modes, beforeAlternate });
    return { text, isLast: true };
  }

  /** Nothing more is asked of it. */
  dispose(): void {
    this.#next?.forget();
    this.#next = undefined;
  }

  /** Which line comes next, from the oldest; the first of the screen where those before it are left out. */
  #first(): number {
    const { terminal } = this.#options;
    const { baseY } = terminal.buffer.normal;
    if (this.#skips) return baseY;
    if (!this.#hasBegun) return 0;
    const y = this.#next?.y;
    if (y !== undefined) return y;
    // a narrower screen has fewer lines: the oldest of them come next. Where claude writes more than is read, it may go on doing so.
    return this.#above || this.#isInLine ? baseY : 0;
  }
}
