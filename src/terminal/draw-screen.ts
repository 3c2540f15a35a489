/**
 * Escape sequences that draw a screen model on another terminal: cells and their looks, cursor, current looks. Written here
 * because @xterm/addon-serialize draws erased cells with a background, full last columns and scroll regions wrong (tried: 0.14).
 */
import type { IBuffer, IBufferCell, IBufferLine, Terminal } from '@xterm/headless';
import { isUnderlined, type Looks, linkTo, noLink, sgr } from './draw-looks.ts';

type Cell = IBufferCell & Looks;

/** A character set: of the library's own making, or nothing for ASCII. */
type Charset = Record<string, string> | undefined;

interface InnerBuffer {
  scrollTop: number;
  scrollBottom: number;
  /** How many lines are above the screen. */
  ybase: number;
  savedX: number;
  /** Counted from the first of those lines. */
  savedY: number;
  savedCurAttrData: Looks;
  savedCharset: Charset;
  tabs: Record<number, boolean | undefined>;
}

/** What the library keeps to itself and a program can notice. */
interface Inner {
  buffers: { normal: InnerBuffer; alt: InnerBuffer };
  _inputHandler: { _curAttrData: Looks; _parser: { precedingJoinState: number } };
  _charsetService: { glevel: number; _charsets: Charset[] };
}

/** What stands where a line is to be drawn: a blank terminal with the cursor at home, or a line above it, which may go on in it. */
export type WhatIsAbove = 'nothing' | 'the line before' | 'another line';

/** What is said behind a screen's rows: modes; `beforeAlternate` on the main screen, where the alternate one is shown. */
export interface ScreenEnd {
  modes: string;
  beforeAlternate: string;
}

/**
 * Draws the screen of `terminal`, the other screen behind it, saved cursors, scroll regions, cursor, looks. Below the last line that
 * was drawn, or on a blank terminal: its rows fill the terminal, and what was drawn before them has left it at the top.
 */
export function drawScreen(terminal: Terminal, above: WhatIsAbove, { modes, beforeAlternate }: ScreenEnd): string {
  const { normal, active, alternate } = terminal.buffer;
  const { buffers, _inputHandler, _charsetService } = (terminal as unknown as { _core: Inner })._core;
  let out = drawRows(terminal, normal, { start: normal.baseY, end: normal.baseY + terminal.rows, above });
  // the alternate screen keeps its saved cursor and region for when it is entered again
  const other = active.type === 'alternate' ? '' : drawState(buffers.alt, terminal.rows);
  if (other !== '' && other !== drawnAtFirst) out += `\x1b[?47h${other}\x1b[?47l`;
  out += drawState(buffers.normal, terminal.rows);
  if (active.type === 'alternate') {
    // what is saved on entering comes back on leaving
    out += `${beforeAlternate}\x1b[?47h\x1b[?1049h\x1b[r\x1b[0m\x1b[H\x1b[2J${drawRows(terminal, alternate, { start: 0, end: terminal.rows })}`;
    out += drawState(buffers.alt, terminal.rows);
  }
  const { scrollTop, tabs } = active.type === 'alternate' ? buffers.alt : buffers.normal;
  out += drawTabs(tabs, terminal.cols) + modes + drawCharsets(_charsetService);
  // in origin mode rows are counted from the top of the region
  const top = terminal.modes.originMode ? scrollTop : 0;
  return out + drawCursor(terminal, _inputHandler._curAttrData, _inputHandler._parser.precedingJoinState, top);
}

/** Tab stops, where they are not every eight columns. */
function drawTabs(tabs: InnerBuffer['tabs'], cols: number): string {
  const columns = Array.from({ length: cols }, (_, x) => x);
  if (columns.every((x) => Boolean(tabs[x]) === (x % 8 === 0))) return '';
  return `\x1b[3g${columns.map((x) => (tabs[x] ? `${cursorAt(x, 0)}\x1bH` : '')).join('')}`;
}

const drawnAtFirst = '\x1b[1;1H\x1b[0m\x1b7\x1b[0m';

/** The saved cursor with its looks, and the scroll region; `drawnAtFirst` where neither was ever set. */
function drawState({ scrollTop, scrollBottom, ...saved }: InnerBuffer, rows: number): string {
  const charset = saved.savedCharset ? '\x1b(0' : '';
  const save = `${cursorAt(saved.savedX, Math.max(0, saved.savedY - saved.ybase))}${sgr(saved.savedCurAttrData)}${charset}\x1b7${charset && '\x1b(B'}\x1b[0m`;
  const hasRegion = scrollTop > 0 || scrollBottom < rows - 1;
  return save + (hasRegion ? `\x1b[${scrollTop + 1};${scrollBottom + 1}r` : '');
}

/** Line drawing is the one set beside ASCII that programs use. */
function drawCharsets({ glevel, _charsets }: Inner['_charsetService']): string {
  const sets = ['(', ')', '*', '+'].map((which, level) => (isLineDrawing(_charsets[level]) ? `\x1b${which}0` : ''));
  return sets.join('') + (['', '\x0e', '\x1bn', '\x1bo'][glevel] ?? '');
}

function isLineDrawing(charset: Charset): boolean {
  return charset?.q === '─';
}

/**
 * Draws what fits of a screen on a terminal of another size: the part around the cursor, cut at the right, nothing wrapped.
 * On the main screen of that terminal, whatever it shows.
 */
export function drawWindow(terminal: Terminal, size: { cols: number; rows: number }, showsCursor: boolean): string {
  const { active } = terminal.buffer;
  const first = Math.min(Math.max(0, active.cursorY - size.rows + 1), Math.max(0, terminal.rows - size.rows));
  let out = '\x1b[?2026h\x1b[?25l\x1b[?7l';
  for (let y = 0; y < size.rows; y++) {
    out += `${cursorAt(0, y)}\x1b[0m\x1b[2K`;
    const line = first + y < terminal.rows ? active.getLine(active.baseY + first + y) : undefined;
    if (line) out += drawRow(terminal, line, { cols: size.cols });
  }
  const x = Math.min(active.cursorX, size.cols - 1);
  return `${out}\x1b[0m\x1b[?7h${cursorAt(x, active.cursorY - first)}${showsCursor ? '\x1b[?25h' : ''}\x1b[?2026l`;
}

/** Rows one under the other, a wrapped one as the rest of the one above. The cursor is at the first column of the first, where nothing is above. */
export function drawRows(
  terminal: Terminal,
  buffer: IBuffer,
  { start, end, above = 'nothing' }: { start: number; end: number; above?: WhatIsAbove },
): string {
  let out = '';
  for (let y = start; y < end && buffer.getLine(y); y++) {
    out += drawLine(terminal, buffer, y, y > start ? 'the line before' : above);
  }
  return `${out}\x1b[0m`;
}

/** One of these rows. The looks are those of its last cell then. */
export function drawLine(terminal: Terminal, buffer: IBuffer, y: number, above: WhatIsAbove): string {
  const line = buffer.getLine(y)!;
  const before = above === 'the line before' ? buffer.getLine(y - 1) : undefined;
  const wraps = before !== undefined && continues(before, line, terminal.cols);
  const turn = above === 'nothing' || wraps ? '' : '\x1b[0m\r\n';
  // a wrap that scrolls fills the new row with the background of what wraps
  const clears = wraps && isEmptyAt(line, terminal.cols - 1) ? '\x1b[0m\x1b[K' : '';
  return turn + drawRow(terminal, line, { erasesGaps: wraps }) + clears;
}

/** Does writing on behind `above` lead to `line` by itself? Not where either end of the wrap has been erased since. */
function continues(above: IBufferLine, line: IBufferLine, cols: number): boolean {
  const first = line.getCell(0);
  if (!line.isWrapped || !first?.getChars()) return false;
  const last = above.getCell(cols - 1);
  if (last?.getChars() || last?.getWidth() === 0) return true;
  // a wide character that did not fit into the last column
  const beforeLast = above.getCell(cols - 2);
  return first.getWidth() === 2 && (beforeLast?.getChars() !== '' || beforeLast.getWidth() === 0);
}

/**
 * A line may be longer than the screen is wide: the library keeps what was there before the screen shrank.
 * `erasesGaps`: the row may show something where nothing is drawn.
 */
function drawRow(
  terminal: Terminal,
  line: IBufferLine,
  { cols = terminal.cols, erasesGaps = false }: { cols?: number; erasesGaps?: boolean } = {},
): string {
  let out = '';
  let looks = sgr(undefined);
  let link = noLink;
  let emptyRun = 0;
  const turnTo = (next: string, nextLink: string): void => {
    if (next !== looks) out += next;
    if (nextLink !== link) out += nextLink;
    looks = next;
    link = nextLink;
  };
  const flushEmpty = (): void => {
    if (emptyRun === 0) return;
    // erased, not written: where nothing but the background shows, ECH leaves the cell as the program left it
    if (erasesGaps || looks !== sgr(undefined)) out += `\x1b[${emptyRun}X`;
    out += `\x1b[${emptyRun}C`;
    emptyRun = 0;
  };
  out += looks;
  for (let x = 0; x < Math.min(line.length, terminal.cols, cols); x++) {
    const cell = line.getCell(x) as Cell | undefined;
    if (!cell || cell.getWidth() === 0) continue;
    if (x + cell.getWidth() > cols) break;
    const next = sgr(cell);
    const chars = cell.getChars() || (showsWithoutText(cell) ? ' ' : '');
    if (emptyRun > 0 && (chars !== '' || next !== looks)) flushEmpty();
    turnTo(next, linkTo(terminal, cell));
    if (chars === '') emptyRun++;
    else out += chars;
    // its second column, whatever the model says of it after half of it has been written over
    if (cell.getWidth() === 2) x++;
  }
  if (emptyRun > 0 && looks !== sgr(undefined)) out += `\x1b[${emptyRun}X`;
  return link === noLink ? out : out + noLink;
}

/** Never written there, and nothing shows. */
function isEmptyAt(line: IBufferLine, x: number): boolean {
  const cell = line.getCell(x) as Cell | undefined;
  return !cell || (cell.getWidth() === 1 && cell.getChars() === '' && sgr(cell) === sgr(undefined));
}

/** Erased, but with looks that show on nothing: half of a wide character that has been written over keeps its own. */
function showsWithoutText(cell: Looks): boolean {
  return Boolean(cell.isInverse() || isUnderlined(cell) || cell.isStrikethrough() || cell.isOverline());
}

/**
 * Puts the cursor where it is, with the looks of what is written next. Where a character was written last, it is written again: a
 * combining one that follows joins it, and behind a full last column the cursor waits for the next.
 */
function drawCursor(terminal: Terminal, looks: Looks, lastWritten: number, top: number): string {
  const { active } = terminal.buffer;
  const { cursorX, cursorY } = active;
  const current = sgr(looks) + linkTo(terminal, looks);
  const line = active.getLine(active.baseY + cursorY);
  let x = cursorX - 1;
  if (x > 0 && line?.getCell(x)?.getWidth() === 0) x--;
  const cell = line?.getCell(x) as Cell | undefined;
  const isFull = cursorX >= terminal.cols;
  const joins =
    lastWritten !== 0 && !terminal.modes.insertMode && Boolean(cell?.getChars()) && sgr(cell) === sgr(looks);
  const hides = linkTo(terminal, cell) !== linkTo(terminal, looks);
  if (joins && !hides) return `${cursorAt(x, cursorY - top)}${current}${cell?.getChars()}`;
  if (!isFull) return cursorAt(cursorX, cursorY - top) + current;
  return `${cursorAt(x, cursorY - top)}${sgr(cell)}${cell?.getChars() || ' '}${current}`;
}

function cursorAt(x: number, y: number): string {
  return `\x1b[${y + 1};${x + 1}H`;
}
