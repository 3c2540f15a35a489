/**
 * Results in pages. Claude refuses a tool's output over 25,000 tokens (docs/claude-facts.md#mcp-servers); a character is one token at the
 * very most in what people write, so a page stays below that with room for what surrounds it.
 */
import { wrongArguments } from './tool.ts';

/** Characters of text in one result, at most. */
export const maxPageChars = 12_000;

/** The place a cursor names; 0 without one. @throws ClaudexError BAD_REQUEST */
export function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,12}$/.test(cursor)) {
    throw wrongArguments(`"cursor" must be the next_cursor of the result before, not "${cursor.slice(0, 40)}".`);
  }
  return Number(cursor);
}

export interface Page<T> {
  items: T[];
  /** Absent on the last page. */
  nextCursor?: string;
}

/** As many of `all` from `start` on as fit into a page, counted as JSON; at least one, which must be bounded by itself. */
export function pageOf<T>(all: readonly T[], start: number, maxChars = maxPageChars): Page<T> {
  const items: T[] = [];
  let chars = 0;
  for (const item of all.slice(start)) {
    chars += JSON.stringify(item).length;
    if (items.length > 0 && chars > maxChars) return { items, nextCursor: String(start + items.length) };
    items.push(item);
  }
  return { items };
}

export interface TextPage {
  text: string;
  /** Absent when this is the end of the text. */
  nextCursor?: string;
}

/** The part of a long text that begins at `start`, never half a surrogate pair. */
export function pageOfText(text: string, start: number, maxChars = maxPageChars): TextPage {
  let end = start;
  let chars = 0;
  for (const character of text.slice(start, start + maxChars)) {
    // what JSON makes of it counts: a control character is six
    chars += JSON.stringify(character).length - 2;
    if (chars > maxChars) break;
    end += character.length;
  }
  if (/[\ud800-\udbff]$/.test(text.slice(start, end)) && end < text.length) end--;
  const page = text.slice(start, end);
  return end < text.length ? { text: page, nextCursor: String(end) } : { text: page };
}

/** The beginning of a text for a list; says how much there is. */
export function preview(text: string, maxChars: number, wholeChars = text.length): string {
  const { text: start, nextCursor } = pageOfText(text, 0, maxChars);
  return nextCursor === undefined ? start : `${start}… (${wholeChars} characters in all)`;
}
