/**
 * What is searched for, in two steps: a quick look at raw bytes that may say yes too often, never no too often, and the exact
 * match on a line of text. Pure.
 */
import { ClaudexError } from '../errors/claudex-error.ts';

export interface SearchQuery {
  /** The words, or the source of a regular expression. */
  text: string;
  isRegex: boolean;
  ignoreCase: boolean;
}

export interface Matcher {
  /** Where in a block of JSON lines the next candidate is, from byte `from` on; -1 when there is none. */
  nextCandidate(block: Buffer, from: number): number;
  /** Where the query matches in a line of text: start and end of each, in characters. */
  matches(line: string): Array<[number, number]>;
}

/** How many matches of one line are told. */
const maxMatches = 100;

/** @throws ClaudexError BAD_PATTERN, USAGE for an empty query */
export function createMatcher(query: SearchQuery): Matcher {
  if (query.text === '') throw new ClaudexError('USAGE', 'Say what to search for.');
  const flags = query.ignoreCase ? 'gi' : 'g';
  const exact = query.isRegex ? parsePattern(query.text, flags) : new RegExp(escapePattern(query.text), flags);
  const literal = query.isRegex ? requiredLiteral(query.text) : query.text;
  return { nextCandidate: candidateFinder(literal, query.ignoreCase), matches: (line) => findAll(exact, line) };
}

function parsePattern(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    throw new ClaudexError('BAD_PATTERN', `${(cause as Error).message}.`, { cause });
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function candidateFinder(literal: string, ignoreCase: boolean): Matcher['nextCandidate'] {
  // as it stands in JSON: quotes, backslashes and control characters escaped
  const escaped = JSON.stringify(literal).slice(1, -1);
  if (!ignoreCase && escaped !== '') return exactFinder(Buffer.from(escaped));
  // upper and lower case of anything but ASCII are different bytes: only ASCII can be looked for among bytes
  const ascii = longest(escaped.split(/[^\x20-\x7e]+/));
  if (ascii === '') return (block, from) => (from < block.length ? from : -1);
  return anyCaseFinder(ascii);
}

/** The bytes of transcripts, the commonest first (counted in 2.1.330's); what is not here is rarer still. */
const commonBytes = ' entos"aircdlhu\\p,m12f:-0g48y5b673w9.kvx{}/_`IT\'()SCAqERPD[j]U;OMW>LNB<*FHzZGY=K|#$VJ@X?+';
/** Up to this length Node looks for the first byte with memchr: some 30 GB/s for a rare one, where a longer text gets 2–3. */
const quickBytes = 6;

/** Looks for a short piece that begins with the rarest byte; the rest is compared where it is found. */
function exactFinder(needle: Buffer): Matcher['nextCandidate'] {
  const rarity = [...needle.toString('latin1')].map((char) => commonBytes.indexOf(char) + 1 || 256);
  // the last byte alone would be found too often
  const beginnings = rarity.slice(0, Math.max(1, needle.length - 2));
  const at = beginnings.indexOf(Math.max(...beginnings));
  const piece = needle.subarray(at, at + quickBytes);
  return (block, from) => {
    for (let found = block.indexOf(piece, from + at); found !== -1; found = block.indexOf(piece, found + 1)) {
      const start = found - at;
      if (block.compare(needle, 0, needle.length, start, start + needle.length) === 0) return start;
    }
    return -1;
  };
}

/** How much of a block becomes a string at a time: small ones are cheap to make and to drop. */
const windowBytes = 64 << 10;

/** One character a byte, so that V8's regular expressions can look at bytes; classes are quicker than the flag `i`. */
function anyCaseFinder(ascii: string): Matcher['nextCandidate'] {
  const source = [...ascii].map((char) =>
    /[a-z]/i.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : escapePattern(char),
  );
  const pattern = new RegExp(source.join(''));
  return (block, from) => {
    for (let start = from; start < block.length; start += windowBytes) {
      const found = block.toString('latin1', start, start + windowBytes + ascii.length - 1).search(pattern);
      if (found !== -1) return start + found;
    }
    return -1;
  };
}

function longest(texts: readonly string[]): string {
  return texts.reduce((best, one) => (one.length > best.length ? one : best), '');
}

/**
 * The longest text that every match of the pattern holds, by a cautious reading of its source: empty for anything that has groups,
 * classes or alternatives. Only makes searching quicker.
 */
export function requiredLiteral(source: string): string {
  if (/[|()[\]{}]/.test(source)) return '';
  // an escape stands for something else, and what a quantifier follows need not be there
  const certain = source.replaceAll(/\\(?:u[\da-f]{4}|x[\da-f]{2}|c[a-z]|\d+|.)/gis, '\0').replaceAll(/.[?*]/gs, '\0');
  return certain
    .split(/[^\w \-:;,=<>@#%&'"!~/]+/)
    .reduce((longest, one) => (one.length > longest.length ? one : longest), '');
}

function findAll(pattern: RegExp, line: string): Array<[number, number]> {
  const found: Array<[number, number]> = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(line); match !== null && found.length < maxMatches; match = pattern.exec(line)) {
    found.push([match.index, match.index + match[0].length]);
    if (match[0] === '') pattern.lastIndex++;
  }
  return found;
}
