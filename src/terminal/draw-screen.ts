/**
 * Escape sequences that draw a screen model on another terminal: cells and their looks, cursor, current looks. Written here
 * because @xterm/addon-serialize draws erased cells with a background, full last columns and scroll regions wrong (tried: 0.14).
 */
import type { IBuffer, IBufferCell, IBufferLine, Terminal } from '@xterm/headless';

/** What tells one cell's looks from another's; the library's own attribute record answers the same questions. */
type Looks = Pick<
  IBufferCell,
  | 'isBold'
  | 'isDim'
  | 'isItalic'
  | 'isUnderline'
  | 'isBlink'
  | 'isInverse'
  | 'isInvisible'
  | 'isStrikethrough'
  | 'isOverline'
  | 'isFgRGB'
  | 'isBgRGB'
  | 'isFgPalette'
  | 'isBgPalette'
  | 'getFgColor'
  | 'getFgColorMode'
  | 'getBgColorMode'
  | 'getBgColor'
>;

/** What the library keeps to itself and a program can notice. */
interface Inner {
  buffer: { scrollTop: number; scrollBottom: number; savedX: number; savedY: number; savedCurAttrData: Looks };
  _inputHandler: { _curAttrData: Looks };
}

/**
 * Draws the whole of `terminal`, from a blank screen with the cursor at home: `scrollback` lines above it as far as there are
 * any, the screen, the other screen behind it, cursor, looks, scroll region. Modes are the caller's, in `modes`.
 */
export function drawTerminal(terminal: Terminal, scrollback: number, modes: string): string {
  const { normal, active, alternate } = terminal.buffer;
  const inner = (terminal as unknown as { _core: Inner })._core;
  let out = drawRows(normal, Math.max(0, normal.baseY - scrollback), normal.baseY + terminal.rows);
  if (active === alternate || active.type === 'alternate') {
    out += `${cursorAt(normal.cursorX, normal.cursorY)}\x1b[?1049h\x1b[H${drawRows(alternate, 0, terminal.rows)}`;
  }
  const { scrollTop, scrollBottom, savedX, savedY, savedCurAttrData } = inner.buffer;
  // a cursor is saved by its line, which may have scrolled away since, and with the looks of that moment
  const savedRow = Math.max(0, savedY - active.baseY);
  out += `${drawCursor(terminal, active, savedX, savedRow)}${sgr(savedCurAttrData)}\x1b7`;
  const hasRegion = scrollTop > 0 || scrollBottom < terminal.rows - 1;
  if (hasRegion) out += `\x1b[${scrollTop + 1};${scrollBottom + 1}r`;
  out += drawCursor(terminal, active, active.cursorX, active.cursorY);
  out += modes;
  // turning origin mode on sends the cursor to the top of the region
  if (terminal.modes.originMode) out += cursorAt(active.cursorX, active.cursorY - scrollTop);
  return out + sgr(inner._inputHandler._curAttrData);
}

/**
 * Draws what fits of a screen on a terminal of another size: the part around the cursor, cut at the right, nothing wrapped.
 * From any state of that terminal's screen, within its main screen.
 */
export function drawWindow(terminal: Terminal, size: { cols: number; rows: number }): string {
  const { active } = terminal.buffer;
  const first = Math.min(Math.max(0, active.cursorY - size.rows + 1), Math.max(0, terminal.rows - size.rows));
  let out = '\x1b[?2026h\x1b[?25l\x1b[?7l';
  for (let y = 0; y < size.rows; y++) {
    out += `${cursorAt(0, y)}\x1b[0m\x1b[2K`;
    const line = first + y < terminal.rows ? active.getLine(active.baseY + first + y) : undefined;
    if (line) out += drawRow(line, size.cols);
  }
  const x = Math.min(active.cursorX, size.cols - 1);
  return `${out}\x1b[0m\x1b[?7h${cursorAt(x, active.cursorY - first)}\x1b[?25h\x1b[?2026l`;
}

/** Rows one under the other, a wrapped one as the rest of the one above. The cursor is at the first column of the first. */
export function drawRows(buffer: IBuffer, start: number, end: number): string {
  let out = '';
  for (let y = start; y < end; y++) {
    const line = buffer.getLine(y);
    if (!line) break;
    const isWrap = y > start && continues(buffer.getLine(y - 1)!, line);
    if (y > start && !isWrap) out += '\x1b[0m\r\n';
    // a row that scrolls in because text wraps has that text's background
    out += drawRow(line, line.length, isWrap);
  }
  return `${out}\x1b[0m`;
}

/** Does writing on behind `above` lead to `line` by itself? Not where either end of the wrap has been erased since. */
function continues(above: IBufferLine, line: IBufferLine): boolean {
  const first = line.getCell(0);
  if (!line.isWrapped || !first?.getChars()) return false;
  const last = above.getCell(above.length - 1);
  if (last?.getChars() || last?.getWidth() === 0) return true;
  // a wide character that did not fit into the last column
  const beforeLast = above.getCell(above.length - 2);
  return first.getWidth() === 2 && (beforeLast?.getChars() !== '' || beforeLast.getWidth() === 0);
}

/** `isTinted`: the row is not blank where nothing is drawn. */
function drawRow(line: IBufferLine, cols = line.length, isTinted = false): string {
  let out = '';
  let looks = sgr(undefined);
  let emptyRun = 0;
  const turnTo = (next: string): void => {
    if (next !== looks) out += next;
    looks = next;
  };
  const flushEmpty = (): void => {
    if (emptyRun === 0) return;
    // erased, not written: where nothing but the background shows, ECH leaves the cell as the program left it
    if (isTinted || looks !== sgr(undefined)) out += `\x1b[${emptyRun}X`;
    out += `\x1b[${emptyRun}C`;
    emptyRun = 0;
  };
  out += looks;
  for (let x = 0; x < Math.min(line.length, cols); x++) {
    const cell = line.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    if (x + cell.getWidth() > cols) break;
    const next = sgr(cell);
    const chars = cell.getChars() || (showsWithoutText(cell) ? ' ' : '');
    if (emptyRun > 0 && (chars !== '' || next !== looks)) flushEmpty();
    turnTo(next);
    if (chars === '') emptyRun++;
    else out += chars;
    // its second column, whatever the model says of it after half of it has been written over
    if (cell.getWidth() === 2) x++;
  }
  if (emptyRun > 0 && (isTinted || looks !== sgr(undefined))) out += `\x1b[${emptyRun}X`;
  return out;
}

/** Erased, but with looks that show on nothing: half of a wide character that has been written over keeps its own. */
function showsWithoutText(cell: IBufferCell): boolean {
  return Boolean(cell.isInverse() || cell.isUnderline() || cell.isStrikethrough() || cell.isOverline());
}

/** Puts the cursor there; behind a full last column, by writing that column again. */
function drawCursor(terminal: Terminal, buffer: IBuffer, x: number, y: number): string {
  if (x < terminal.cols) return cursorAt(x, y);
  const line = buffer.getLine(buffer.baseY + y);
  let last = terminal.cols - 1;
  if (line?.getCell(last)?.getWidth() === 0) last--;
  const cell = line?.getCell(last);
  return `${cursorAt(last, y)}${sgr(cell)}${cell?.getChars() || ' '}`;
}

function cursorAt(x: number, y: number): string {
  return `\x1b[${y + 1};${x + 1}H`;
}

/** The sequence that gives text these looks, whatever they were before; without any, the plain ones. */
function sgr(looks: Looks | undefined): string {
  if (!looks) return '\x1b[0m';
  const parts = ['0'];
  const flags: Array<[number | boolean, string]> = [
    [looks.isBold(), '1'],
    [looks.isDim(), '2'],
    [looks.isItalic(), '3'],
    [looks.isUnderline(), '4'],
    [looks.isBlink(), '5'],
    [looks.isInverse(), '7'],
    [looks.isInvisible(), '8'],
    [looks.isStrikethrough(), '9'],
    [looks.isOverline(), '53'],
  ];
  for (const [on, code] of flags) if (on) parts.push(code);
  parts.push(...colour(30, looks.isFgRGB(), looks.isFgPalette(), looks.getFgColorMode(), looks.getFgColor()));
  parts.push(...colour(40, looks.isBgRGB(), looks.isBgPalette(), looks.getBgColorMode(), looks.getBgColor()));
  return `\x1b[${parts.join(';')}m`;
}

/** The library's word for one of the sixteen named colours, which bold may brighten; one of 256 stays as it is. */
const namedColour = 0x1000000;

function colour(first: 30 | 40, isRgb: boolean, isPalette: boolean, mode: number, value: number): string[] {
  if (isRgb) return [`${first + 8};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`];
  if (!isPalette) return [];
  if (mode === namedColour) return [String(value < 8 ? first + value : first + 52 + value)];
  return [`${first + 8};5;${value}`];
}
