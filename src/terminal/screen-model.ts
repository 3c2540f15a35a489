/**
 * What a terminal would show for some output: rows of text with the dim cells marked. The library is loaded with this file:
 * by the time a screen is asked for, the folder that it is loaded from may be gone.
 */
import { createRequire } from 'node:module';
import type { Terminal as HeadlessTerminal, IBufferCell } from '@xterm/headless';
import type { OutputRing } from './output-ring.ts';
import type { PtySize } from './pty/spawn-pty.ts';

const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof HeadlessTerminal };

export interface ScreenRow {
  text: string;
  /**
   * The text of the row without its dim cells (claude draws placeholders dim). The cell of a cursor that a program draws itself,
   * by swapping its colours, is as dim as the cell after it: it stands on the first letter of a placeholder.
   */
  brightText: string;
}

/** A piece of the past: output bytes, or a change of size. */
export type TerminalEvent = Buffer | PtySize;

/** Renders the events in order and reads the screen. */
export async function renderScreen(size: PtySize, events: readonly TerminalEvent[]): Promise<ScreenRow[]> {
  const terminal = newTerminal(size);
  try {
    await play(terminal, events);
    return readRows(terminal);
  } finally {
    terminal.dispose();
  }
}

/** The screen of a running program. It costs nothing until somebody looks; a second look draws only what has come since the first. */
export class LiveScreen {
  readonly #ring: OutputRing;
  #terminal: HeadlessTerminal | undefined;
  #drawnUpTo = 0;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(ring: OutputRing) {
    this.#ring = ring;
  }

  /** The rows as they are now. Several who look at the same time are served one after the other. */
  rows(): Promise<ScreenRow[]> {
    const look = this.#looking.then(() => this.#look());
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #look(): Promise<ScreenRow[]> {
    const news = this.#terminal && this.#ring.since(this.#drawnUpTo);
    const { size, events, end } = news ?? this.#ring.snapshot();
    if (!news) {
      this.#terminal?.dispose();
      this.#terminal = newTerminal(size);
    }
    this.#drawnUpTo = end;
    await play(this.#terminal!, events);
    return readRows(this.#terminal!);
  }
}

function newTerminal(size: PtySize): HeadlessTerminal {
  return new Terminal({ ...known(size), scrollback: 0, allowProposedApi: true, logLevel: 'off' });
}

async function play(terminal: HeadlessTerminal, events: readonly TerminalEvent[]): Promise<void> {
  for (const event of events) {
    if (Buffer.isBuffer(event)) await new Promise<void>((resolve) => terminal.write(event, resolve));
    else terminal.resize(known(event).cols, known(event).rows);
  }
}

/** A terminal without a size is drawn on as if it were this large; xterm knows none with a single column. */
function known({ cols, rows }: PtySize): PtySize {
  return { cols: Math.max(2, cols || 80), rows: rows || 24 };
}

/** The rows that a screen model shows. */
export function readRows(terminal: HeadlessTerminal): ScreenRow[] {
  const buffer = terminal.buffer.active;
  const rows: ScreenRow[] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = buffer.getLine(buffer.viewportY + y);
    let text = '';
    let brightText = '';
    for (let x = 0; line && x < terminal.cols; x++) {
      const cell = line.getCell(x);
      if (!cell || cell.getWidth() === 0) continue;
      const chars = cell.getChars() || ' ';
      text += chars;
      brightText += isDim(cell, () => line.getCell(x + cell.getWidth())) ? ' ' : chars;
    }
    rows.push({ text: text.trimEnd(), brightText: brightText.trimEnd() });
  }
  return rows;
}

function isDim(cell: IBufferCell, next: () => IBufferCell | undefined): boolean {
  return Boolean(cell.isDim() || (cell.isInverse() && next()?.isDim()));
}
