/** What the board draws is lines of spans: a text and what it means. Only `paint` knows colours. Pure. */
import { cellsOf, cutToCells } from '../terminal/cell-width.ts';

/** What a span means. */
export type Tone = 'plain' | 'dim' | 'bold' | 'accent' | 'waiting' | 'busy' | 'idle' | 'error' | 'chosen' | 'warning';

export interface Span {
  text: string;
  tone?: Tone;
  /** Instead of a tone: colours and weights as a program gave them (SGR parameters). */
  sgr?: string;
}

export type Line = readonly Span[];

/** Names of the sixteen colours: the person's own palette decides how they look. */
const colourCodes: Record<Tone, string> = {
  plain: '',
  dim: '90',
  bold: '1',
  accent: '36',
  waiting: '1;31',
  busy: '33',
  idle: '32',
  error: '31',
  chosen: '1;97;44',
  warning: '1;33',
};

/** Without colours (NO_COLOR): weight and inversion, which are none. */
const plainCodes: Record<Tone, string> = {
  plain: '',
  dim: '',
  bold: '1',
  accent: '',
  waiting: '1',
  busy: '',
  idle: '',
  error: '1',
  chosen: '1;7',
  warning: '1',
};

/** One span of a text. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** How many columns a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + cellsOf(text), 0);
}

/** The line at exactly that width: cut with an ellipsis, or filled with spaces. */
export function fitted(line: Line, width: number): Line {
  const taken = widthOf(line);
  if (taken === width) return line;
  if (taken < width) return [...line, span(' '.repeat(width - taken))];
  if (width <= 0) return [];
  const kept: Span[] = [];
  let left = width - 1;
  for (const one of line) {
    const cells = cellsOf(one.text);
    if (cells <= left) {
      kept.push(one);
      left -= cells;
      continue;
    }
    const text = `${cutToCells(one.text, left)}…`;
    kept.push({ ...one, text: text + ' '.repeat(left + 1 - cellsOf(text)) });
    return kept;
  }
  return kept;
}

/** A text of `width` columns: cut with an ellipsis, or filled with spaces. */
export function column(text: string, width: number, tone: Tone = 'plain'): Line {
  return fitted([span(text, tone)], width);
}

/** The text in lines of at most `width` columns, broken between words where there are any. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line.replaceAll('\t', '    '), Math.max(1, width)));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (cellsOf(rest) > width) {
    const head = cutToCells(rest, width) || [...rest][0]!;
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    // a word that fills most of a line is broken: else what follows would look like the end
    const isBetweenWords = space > head.length / 2;
    lines.push(isBetweenWords ? rest.slice(0, space) : head);
    rest = rest.slice(isBetweenWords ? space + 1 : head.length);
  }
  return [...lines, rest];
}

/** The line for the terminal. Every line ends as it began: with no colour on. */
export function paint(line: Line, { colours }: { colours: boolean }): string {
  const codes = colours ? colourCodes : plainCodes;
  return line
    .map(({ text, tone = 'plain', sgr = codes[tone] }) => (sgr === '' ? text : `\x1b[${sgr}m${text}\x1b[0m`))
    .join('');
}

/** The line with one tone all over, as the chosen one of a list has. */
export function toned(line: Line, tone: Tone): Line {
  return [span(line.map(({ text }) => text).join(''), tone)];
}

/** A box around lines, with a title in its upper edge: `height` lines of `width` columns. */
export function boxed(lines: readonly Line[], { title, foot = [], width, height, tone = 'dim' }: BoxOptions): Line[] {
  const inside = Math.max(0, width - 2);
  const edge = (left: string, words: Line, right: string): Line => {
    const kept = words.length === 0 ? [] : fitUnfilled([span(' '), ...words, span(' ')], Math.max(0, inside - 1));
    const taken = widthOf(kept);
    const before = taken > 0 ? '─' : '';
    return [
      span(`${left}${before}`, tone),
      ...kept,
      span(`${'─'.repeat(Math.max(0, inside - taken - before.length))}${right}`, tone),
    ];
  };
  const body = Array.from({ length: Math.max(0, height - 2) }, (_, at) => [
    span('│', tone),
    ...fitted(lines[at] ?? [], inside),
    span('│', tone),
  ]);
  return [edge('╭', title, '╮'), ...body, edge('╰', foot, '╯')];
}

export interface BoxOptions {
  title: Line;
  /** Words in the lower edge. */
  foot?: Line;
  width: number;
  height: number;
  /** Of the edge. */
  tone?: Tone;
}

function fitUnfilled(line: Line, width: number): Line {
  return widthOf(line) > width ? fitted(line, width) : line;
}
