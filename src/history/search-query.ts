/**
 * What is searched for, in two steps: a quick look at raw bytes that may say yes too often, never no too often, and the exact
 * match on a line of text. Pure.
 */
import { ClaudexError } from '../errors.ts';

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
  if (!ignoreCase && escaped !== '') {
    const needle = Buffer.from(escaped);
    return (block, from) => block.indexOf(needle, from);
  }
  // upper and lower case of anything but ASCII are different bytes: only ASCII can be looked for among bytes
  const ascii = escaped
    .split(/[^\x20-\x7e]+/)
    .reduce((longest, one) => (one.length > longest.length ? one : longest), '');
  if (ascii === '') return (block, from) => (from < block.length ? from : -1);
  const pattern = new RegExp(escapePattern(ascii), 'gi');
  let text = '';
  let of: { block: Buffer; length: number } | undefined;
  return (block, from) => {
    // one character a byte: positions are the same. A block is asked about from its beginning first.
    if (from === 0 || of?.block !== block) text = block.toString('latin1');
    of = { block, length: block.length };
    pattern.lastIndex = from;
    return pattern.exec(text)?.index ?? -1;
  };
}

/**
 * The longest text that every match of the pattern holds, by a cautious reading of its source: empty for anything that has groups,
 * classes or alternatives. Only makes searching quicker.
 */
export function requiredLiteral(source: string): string {
  if (/[|()[\]{}]/.test(source)) return '';
  // an escape stands for something else, and what a quantifier follows need not be there
  const certain = source.replaceAll(/\\./gs, '\0').replaceAll(/.[?*]/gs, '\0');
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
