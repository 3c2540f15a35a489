/** Searching transcripts: the quick look at bytes, the exact match, what a hit says. Threads are for the integration test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLines } from '../../../src/claude/transcript/read-blocks.ts';
import { maskSecrets } from '../../../src/history/redact.ts';
import { type ScannedHit, scanTranscript } from '../../../src/history/scan-transcript.ts';
import { createMatcher, requiredLiteral, type SearchQuery } from '../../../src/history/search-query.ts';
import { verifies } from '../../requirements.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/transcripts', import.meta.url));
const versions = ['2.1.197', '2.1.330'];

const query = (text: string, more: Partial<SearchQuery> = {}): SearchQuery => ({
  text,
  isRegex: false,
  ignoreCase: false,
  ...more,
});

function scan(path: string, wanted: SearchQuery, context = 0, maxHits = 1000): ScannedHit[] {
  const options = { context, maxHits, mask: maskSecrets };
  return [...scanTranscript({ sessionId: 'id', path }, createMatcher(wanted), options)];
}

describe(`the quick look never says no where the exact match says yes ${verifies('search-exact')}`, () => {
  const finds = (wanted: SearchQuery, text: string): boolean => {
    const line = Buffer.from(`{"x":${JSON.stringify({ text })}}\n`);
    return createMatcher(wanted).nextCandidate(line, 0) !== -1;
  };

  it.each([
    'plain',
    'two words',
    '"quoted"',
    'back\\slash',
    'tab\tand\u0007bell',
    'ünïcödé',
    '日本語',
    '👍🏽',
    'a',
    'zz',
    'e',
    '%',
    '\u2028',
  ])('%j', (text) => {
    for (const around of [text, `before ${text}`, `${text} after`, `x${text}${text}y`]) {
      expect(finds(query(text), around)).toBe(true);
      expect(finds(query(text, { ignoreCase: true }), around)).toBe(true);
      expect(finds(query(text.toUpperCase(), { ignoreCase: true }), around.toLowerCase())).toBe(true);
      expect(createMatcher(query(text)).matches(around).length).toBeGreaterThan(0);
    }
  });

  it('random words in random texts, in any case, wherever in a block they stand', () => {
    const random = seededRandom(3);
    const letters = 'etaoin zq"\\\nxÉéK{}k';
    const word = (length: number): string =>
      Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join('');
    for (let round = 0; round < 3000; round++) {
      const text = word(Math.floor(random() * 60));
      const start = Math.floor(random() * text.length);
      const part = text.slice(start, start + 1 + Math.floor(random() * 12));
      if (part === '') continue;
      expect(finds(query(part), text), JSON.stringify([part, text])).toBe(true);
      const other = random() < 0.5 ? part.toUpperCase() : part.toLowerCase();
      expect(finds(query(other, { ignoreCase: true }), text), JSON.stringify([other, text])).toBe(true);
    }
  });

  it('finds each of several, and again from where it is asked', () => {
    const block = Buffer.from(`${'x'.repeat(70_000)}needle${'y'.repeat(65_530)}needle`);
    for (const ignoreCase of [false, true]) {
      const matcher = createMatcher(query(ignoreCase ? 'NEEDLE' : 'needle', { ignoreCase }));
      expect(matcher.nextCandidate(block, 0)).toBe(70_000);
      expect(matcher.nextCandidate(block, 70_001)).toBe(70_006 + 65_530);
      expect(matcher.nextCandidate(block, 140_000)).toBe(-1);
    }
  });
});

describe('patterns', () => {
  it.each([
    ['migration check', 'migration check'],
    ['err\\d+ in foo', ' in foo'],
    ['colou?r of', 'colo'],
    ['ab*cdef', 'cdef'],
    ['^start.*end$', 'start'],
    ['a|b', ''],
    ['(abc)', ''],
    ['[abc]d', ''],
    ['x{3}', ''],
    ['\\bword\\b', 'word'],
    ['\\u0041bc', 'bc'],
  ])('%s surely holds %j', (source, literal) => {
    expect(requiredLiteral(source)).toBe(literal);
  });

  it('what it surely holds stands in everything that it matches', () => {
    for (const [source, text] of [
      ['colou?r of', 'the color of it'],
      ['ab*cdef', 'acdef'],
      ['err\\d+ in foo', 'err42 in foo'],
      ['\\bword\\b', 'a word!'],
      ['a+b', 'aaab'],
      ['caf\\u00e9', 'a café'],
      ['\\x41bc', 'xAbc'],
      ['\\cIab', '\tab'],
      ['a\\0123', 'a\n3'],
    ] as const) {
      expect(new RegExp(source).test(text)).toBe(true);
      expect(text).toContain(requiredLiteral(source));
    }
  });

  it('a wrong one, and an empty query, say so', () => {
    expect(() => createMatcher(query('(', { isRegex: true }))).toThrow(
      expect.objectContaining({ code: 'BAD_PATTERN' }),
    );
    expect(() => createMatcher(query(''))).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('a pattern that matches nothing at every place ends', () => {
    expect(createMatcher(query('x*', { isRegex: true })).matches('abc')).toHaveLength(4);
  });
});

describe.each(versions)('hits in a transcript of %s', (version) => {
  const path = join(fixtures, version, 'conversation.jsonl');

  it('prompts, answers, tool inputs and results, what hooks put in; with the turn', () => {
    const places = (text: string): string[] => [
      ...new Set(scan(path, query(text)).map((hit) => `${hit.turn} ${hit.where} ${hit.tool ?? ''}`.trim())),
    ];
    expect(places('first question "quoted" ünï')).toEqual(['1 prompt']);
    expect(places('seq 1 3000')).toEqual(['2 tool-input Bash']);
    expect(places('2999')).toEqual(['2 tool-result']);
    expect(places('Running it.')).toEqual(['2 answer']);
    expect(places('extra context')[0]).toMatch(/^\d+ added$/);
    expect(places('after resume')[0]).toMatch(/^1[56] prompt$/);
    expect(places('from-shell')).toEqual(expect.arrayContaining([expect.stringMatching(/^1\d added$/)]));
    expect(places('no such words')).toEqual([]);
  });

  it("claude's own bookkeeping is nobody's words", () => {
    expect(scan(path, query('stop_hook_summary'))).toEqual([]);
    expect(scan(path, query('left out of the fixture'))).toEqual([]);
  });

  it('lines around a match; where in the line it is', () => {
    const [hit] = scan(path, query('^1500$', { isRegex: true }), 2);
    expect(hit).toMatchObject({ text: '1500', matches: [[0, 4]], before: ['1498', '1499'], after: ['1501', '1502'] });
    expect(hit!.cwd).toBe('/work/project');
    expect(scan(path, query('ANSWER', { ignoreCase: true }), 0, 3)).toHaveLength(3);
  });

  it('finds in raw bytes what a plain look at every line finds', () => {
    for (const text of ['answer', 'done', 'ünï', '"quoted"', 'Exit', 'the']) {
      const lines = [...readLines(path)].filter(({ bytes }) => bytes.includes(JSON.stringify(text).slice(1, -1)));
      const matcher = createMatcher(query(text));
      for (const { bytes } of lines) expect(matcher.nextCandidate(Buffer.from(bytes), 0)).not.toBe(-1);
    }
  });
});

describe('hits', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-search-'));
    path = join(dir, 'transcript.jsonl');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const write = (...prompts: string[]): void =>
    writeFileSync(
      path,
      prompts.map((text) => `${JSON.stringify({ type: 'user', message: { content: text } })}\n`).join(''),
    );

  it('a long line is cut around the match', () => {
    write(`${'a'.repeat(5000)} needle ${'b'.repeat(5000)}`, `needle${'c'.repeat(5000)}`, `${'d'.repeat(5000)}needle`);
    for (const hit of scan(path, query('needle'))) {
      expect(hit.text.length).toBeLessThan(250);
      expect(hit.matches).toHaveLength(1);
      expect(hit.text.slice(...hit.matches[0]!)).toBe('needle');
    }
  });

  it(`a secret is found and not shown ${verifies('history-redacted')}`, () => {
    const key = `sk-ant-${'x'.repeat(40)}`;
    write(`the key is ${key} ok`);
    const [hit] = scan(path, query(key));
    expect(hit!.text).toBe('the key is [secret, 47 characters] ok');
    expect(hit!.matches).toEqual([]);
  });

  it(`counts as at work on a record only while it tries the pattern on it ${verifies('search-bounded')}`, () => {
    write('needle 1\nneedle 2', 'needle 3\nneedle 4');
    let marks = 0;
    const onRecord = (): void => void marks++;
    const options = { context: 0, maxHits: 3, mask: maskSecrets, onRecord };
    const found: Array<[string, number]> = [];
    for (const hit of scanTranscript({ sessionId: 'id', path }, createMatcher(query('needle')), options)) {
      found.push([hit.text, marks]);
    }
    expect(found).toEqual([
      ['needle 1', 2],
      ['needle 2', 2],
      ['needle 3', 4],
    ]);
  });

  it('every hit of every block is found, with its turn', () => {
    write(...Array.from({ length: 300 }, (_, index) => `${'filler '.repeat(1000)}\nneedle ${index}`));
    const hits = scan(path, query('needle'));
    expect(hits.map((hit) => hit.text)).toEqual(Array.from({ length: 300 }, (_, index) => `needle ${index}`));
    expect(hits.map((hit) => hit.turn)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });
});
