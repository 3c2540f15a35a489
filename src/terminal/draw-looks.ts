/** Escape sequences that give text the looks of a cell of a screen model: colours, weight, underlines, links. */
import type { IBufferCell, Terminal } from '@xterm/headless';

/** What tells one cell's looks from another's; the library's own attribute record answers the same questions. */
export type Looks = Pick<
  IBufferCell,
  | 'isBold'
  | 'isDim'
  | 'isItalic'
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
> & {
  /** What the library keeps to itself: flags, and which link it is part of (0: none). */
  fg: number;
  extended: { urlId: number; _ext: number };
};

/** The sequence that gives text these looks, whatever they were before; without any, the plain ones. */
export function sgr(looks: Looks | undefined): string {
  if (!looks) return '\x1b[0m';
  const parts = ['0'];
  const flags: Array<[number | boolean, string]> = [
    [looks.isBold(), '1'],
    [looks.isDim(), '2'],
    [looks.isItalic(), '3'],
    [isUnderlined(looks), underline(looks)],
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

const underlineFlag = 0x10000000;

/** By the program, not by the library, which underlines links. */
export function isUnderlined({ fg }: Looks): boolean {
  return (fg & underlineFlag) !== 0;
}

/** Single, double, curly, dotted or dashed. */
function underline({ extended }: Looks): string {
  const style = (extended._ext >> 26) & 7;
  return style > 1 ? `4:${style}` : '4';
}

/** What the library keeps to itself of links (OSC 8). */
interface Inner {
  _oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined };
}

/** The sequence that begins the link which a cell is part of, or ends the one before. */
export function linkTo(terminal: Terminal, looks: Looks | undefined): string {
  const id = looks?.extended.urlId;
  const link = id ? (terminal as unknown as { _core: Inner })._core._oscLinkService.getLinkData(id) : undefined;
  return link ? `\x1b]8;${link.id === undefined ? '' : `id=${link.id}`};${link.uri}\x1b\\` : noLink;
}

export const noLink = '\x1b]8;;\x1b\\';
