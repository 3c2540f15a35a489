/**
 * What a terminal would show for some output: rows of text with the dim cells marked. The library is loaded with this file:
 * by the time a screen is asked for, the folder that it is loaded from may be gone.
 */
import { createRequire } from 'node:module';
import type { Terminal as HeadlessTerminal } from '@xterm/headless';
import type { PtySize } from './pty/spawn-pty.ts';

const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof HeadlessTerminal };

export interface ScreenRow {
  text: string;
  /** The text of the row without its dim cells (claude draws placeholders dim). */
  brightText: string;
}

/** A piece of the past: output bytes, or a change of size. */
export type TerminalEvent = Buffer | PtySize;

/** Renders the events in order and reads the screen. */
export async function renderScreen(size: PtySize, events: readonly TerminalEvent[]): Promise<ScreenRow[]> {
  const terminal = new Terminal({ ...known(size), scrollback: 0, allowProposedApi: true });
  try {
    for (const event of events) {
      if (Buffer.isBuffer(event)) await new Promise<void>((resolve) => terminal.write(event, resolve));
      else terminal.resize(known(event).cols, known(event).rows);
    }
    return readRows(terminal);
  } finally {
    terminal.dispose();
  }
}

/** A terminal without a size is drawn on as if it were this large; xterm knows none with a single column. */
function known({ cols, rows }: PtySize): PtySize {
  return { cols: Math.max(2, cols || 80), rows: rows || 24 };
}

function readRows(terminal: HeadlessTerminal): ScreenRow[] {
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
      brightText += cell.isDim() ? ' ' : chars;
    }
    rows.push({ text: text.trimEnd(), brightText: brightText.trimEnd() });
  }
  return rows;
}
