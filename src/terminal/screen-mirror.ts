/**
 * A model of claude's terminal that lives as long as claude: what is on its screen and above it, for viewers that come later.
 * It owns no terminal of anybody's; `TerminalModes` says which modes a viewer's terminal needs, this one what to draw.
 */
import { createRequire } from 'node:module';
import type { Terminal as HeadlessTerminal, IFunctionIdentifier } from '@xterm/headless';
import { drawRows, drawWindow } from './draw-screen.ts';
import { isInSequence, isInTheMiddle, LateDrawing } from './late-drawing.ts';
import { LinePlaces } from './line-places.ts';
import type { PtySize } from './pty/spawn-pty.ts';
import { ScreenDrawing } from './screen-drawing.ts';
import { readRows, type ScreenRow, type TerminalEvent } from './screen-model.ts';
import { TerminalModes } from './terminal-modes.ts';

const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof HeadlessTerminal };

/** Lines kept above the screen. */
export const scrollbackLines = 5000;

/** What nobody else answers while no viewer is there: the name and version of a terminal (XTVERSION), no kitty keyboard. */
const versionAnswer = '\x1bP>|claudex\x1b\\';

/** Private modes of which a viewer's terminal may have any on: of another program, or of a snapshot before this one. */
const modesThatMayBeOn = [
  1, 5, 6, 9, 12, 45, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2026, 2031, 2048,
];

/** All looks as a terminal has them at first, no link open, the screen empty, the cursor at home; what is above the screen stays. */
const blank = `\x1b]8;;\x1b\\\x1b[?7h\x1b[?25h\x1b[4l\x1b>\x1b[<9u\x1b[=0u\x1b[>4;0m\x1b[0m\x1b(B\x1b)B\x1b*B\x1b+B\x0f\x1b[r\x1b[H\x1b[2J`;
const leaveModes = `\x1b[?1049l${modesThatMayBeOn.map((mode) => `\x1b[?${mode}l`).join('')}`;

/** A sequence that is longer and has not ended is not sent to a viewer that comes in the middle of it. */
const maxBegunBytes = 64 * 1024;
const nothing = Buffer.alloc(0);
const escapeByte = 0x1b;

export interface MirrorOptions {
  size: PtySize;
  /** Bytes that a terminal sends by itself: answers to what the program asks it. */
  onAnswer: (bytes: string) => void;
}

export class ScreenMirror {
  modes = new TerminalModes();
  readonly #terminal: HeadlessTerminal;
  readonly #places: LinePlaces;
  /** DECSCUSR, as it was last asked for; 0 is the terminal's own. */
  #cursorStyle = 0;
  #title = '';
  #size: PtySize;
  #begun: Buffer = nothing;
  #isPlaying = false;
  readonly #drawing: LateDrawing;

  constructor({ size, onAnswer }: MirrorOptions) {
    this.#size = drawable(size);
    this.#terminal = new Terminal({
      ...drawable(size),
      scrollback: scrollbackLines,
      allowProposedApi: true,
      logLevel: 'off',
    });
    this.#places = new LinePlaces(this.#terminal);
    this.#drawing = new LateDrawing({
      terminal: this.#terminal,
      scrollbackLines,
      drawn: (bytes) => this.#noteBegun(bytes),
    });
    const answer = (bytes: string): void => {
      if (!this.#isPlaying) onAnswer(bytes);
    };
    this.#terminal.onData(answer);
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
    this.#on({ intermediates: ' ', final: 'q' }, ([style]) => {
      this.#cursorStyle = style ?? 0;
    });
    this.#on({ prefix: '>', final: 'q' }, () => answer(versionAnswer));
  }

  get size(): PtySize {
    return this.#size;
  }

  /**
   * The beginning of a sequence, or of a character, that the output so far ends in. It is on no screen yet: a viewer needs it
   * before what follows. All output must have settled.
   */
  get begun(): Buffer {
    return this.#begun;
  }

  /**
   * Draws what was output before this mirror was there; resolves when it is on the screen. What it asks the terminal has been
   * answered then. `modes` is the caller's to set, where not all output is known.
   */
  async play(events: readonly TerminalEvent[]): Promise<void> {
    this.#isPlaying = true;
    for (const event of events) {
      if (!Buffer.isBuffer(event)) this.resize(event);
      else {
        this.write(event);
        await new Promise<void>((resolve) => this.whenSettled(resolve));
      }
    }
    this.#isPlaying = false;
  }

  /** Takes output; `bytes` may be overwritten after the call. `taken` is called when it is on the screen. */
  write(bytes: Buffer, taken?: () => void): void {
    this.modes.output(bytes);
    this.#drawing.write(bytes, taken);
  }

  /** Draws what has come so far, as soon as may be: there is something in it that wants an answer. */
  draw(): void {
    this.#drawing.draw();
  }

  /** What is output from now on finds this size; what has been output before, the one before. */
  resize(size: PtySize): void {
    const { cols, rows } = drawable(size);
    this.#size = { cols, rows };
    this.draw();
    this.#terminal.write('', () => this.#places.resize(cols, rows));
  }

  /** Calls back when all output so far is on the screen, and nothing that comes after it. */
  whenSettled(settled: () => void): void {
    this.draw();
    this.#terminal.write('', settled);
  }

  /** The rows as they are on the screen. */
  rows(): ScreenRow[] {
    return readRows(this.#terminal);
  }

  /** What shows as much of the screen as fits, around the cursor, on a terminal of another size that has had `windowModes`. */
  window(size: PtySize): string {
    return drawWindow(this.#terminal, drawable(size), this.modes.showsCursor);
  }

  /** What makes any terminal fit for `window`: nothing on that was on before, keys and pastes as the program wants them. */
  windowModes(): string {
    return this.#blank + this.modes.redoInputModes() + this.modes.redoKeyboard() + this.modes.colours.redo();
  }

  /**
   * What draws this screen, its modes and its cursor on any terminal of the same size, whatever stood there: with `scrollback`
   * also what is above it. All output must have settled.
   */
  snapshot({ scrollback }: { scrollback: boolean }): string {
    return this.drawing({ scrollback }).next(Number.POSITIVE_INFINITY).text;
  }

  /** The same in pieces, between which output may come. Its owner disposes of it. */
  drawing({ scrollback }: { scrollback: boolean }): ScreenDrawing {
    return new ScreenDrawing({
      terminal: this.#terminal,
      places: this.#places,
      scrollback,
      blank: () => this.#blank,
      // a paste is marked from the first row on: drawing all of them may take a slow line seconds
      inputModes: () => this.modes.redoInputModes(),
      end: () => ({ modes: this.#endModes(), beforeAlternate: this.modes.redoMainKeyboard() }),
    });
  }

  #endModes(): string {
    const { insertMode, applicationKeypadMode } = this.#terminal.modes;
    return (
      this.modes.redoOtherModes() +
      this.modes.redoKeyboard() +
      this.modes.colours.redo() +
      (insertMode ? '\x1b[4h' : '') +
      (applicationKeypadMode ? '\x1b=' : '') +
      `\x1b[${this.#cursorStyle} q` +
      (this.#title === '' ? '' : `\x1b]2;${this.#title}\x07`)
    );
  }

  get #blank(): string {
    return leaveModes + this.modes.reset() + blank;
  }

  /** The last `lines` lines as text, without those that are empty at the end; with `ansi`, in their colours. */
  text({ lines, ansi }: { lines?: number; ansi: boolean }): string {
    const buffer = this.#terminal.buffer.active;
    const last = lastWritten(this.#terminal);
    const first = Math.max(0, lines === undefined ? buffer.baseY : last + 1 - lines);
    if (last < first) return '';
    if (ansi) return drawRows(this.#terminal, buffer, { start: first, end: last + 1 }).replaceAll('\r\n', '\n');
    const rows: string[] = [];
    for (let y = first; y <= last; y++) {
      const line = buffer.getLine(y);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped && rows.length > 0) rows[rows.length - 1] += text;
      else rows.push(text);
    }
    return rows.join('\n');
  }

  dispose(): void {
    this.#drawing.dispose();
    this.#terminal.dispose();
  }

  /** `bytes` is all on the screen but for what it has begun. */
  #noteBegun(bytes: Buffer): void {
    if (!isInTheMiddle(this.#terminal)) {
      this.#begun = nothing;
      return;
    }
    // an ESC begins anew, whatever it stands in
    const all = this.#begun.length > 0 ? Buffer.concat([this.#begun, bytes]) : bytes;
    const start = isInSequence(this.#terminal) ? all.lastIndexOf(escapeByte) : startOfLastCharacter(all);
    const begun = all.subarray(Math.max(0, start));
    this.#begun = start === -1 || begun.length > maxBegunBytes ? nothing : begun;
  }

  #on(sequence: IFunctionIdentifier, take: (parameters: number[]) => void): void {
    this.#terminal.parser.registerCsiHandler(sequence, (parameters) => {
      take(parameters.flat());
      return false;
    });
  }
}

/** A terminal without a size is drawn on as if it were 80 by 24; the library knows none with a single column. */
function drawable({ cols, rows }: PtySize): PtySize {
  return { cols: Math.max(2, cols || 80), rows: Math.max(1, rows || 24) };
}

/** The lowest row that holds anything, or the cursor's. */
function lastWritten(terminal: HeadlessTerminal): number {
  const buffer = terminal.buffer.active;
  for (let y = buffer.baseY + terminal.rows - 1; y > buffer.baseY; y--) {
    if (y === buffer.baseY + buffer.cursorY || buffer.getLine(y)?.translateToString(true) !== '') return y;
  }
  return buffer.baseY;
}

/** Where the last character of UTF-8 begins. */
function startOfLastCharacter(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > 0 && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}
