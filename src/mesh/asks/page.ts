/** As much of a list as goes over the mesh at once. Pure. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { maxReplyBytes, pageBytes } from './ask.ts';

/** How many of the first of them fit; one is taken however long it is. @throws ClaudexError MESH_TOO_LARGE for one that is too long by itself */
export function howManyFit(all: readonly unknown[], what: string): number {
  let bytes = 0;
  for (const [index, one] of all.entries()) {
    const more = Buffer.byteLength(JSON.stringify(one));
    if (index > 0 && bytes + more > pageBytes) return index;
    if (more > maxReplyBytes) throw new ClaudexError('MESH_TOO_LARGE', `One ${what} alone has ${more} bytes.`);
    bytes += more;
  }
  return all.length;
}

/** `/search?q=x` with another value of one word of its query. */
export function withQuery(path: string, word: string, value: number): string {
  const url = new URL(path, 'http://machine');
  url.searchParams.set(word, String(value));
  return `${url.pathname}${url.search}`;
}

/** A whole number of the query, within bounds. @throws ClaudexError BAD_REQUEST */
export function numberIn(
  query: URLSearchParams,
  word: string,
  bounds: { least: number; most: number; otherwise: number },
): number {
  const text = query.get(word);
  if (text === null) return bounds.otherwise;
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= bounds.least && number <= bounds.most) return number;
  throw new ClaudexError('BAD_REQUEST', `"${word}" must be a whole number from ${bounds.least} to ${bounds.most}.`);
}
