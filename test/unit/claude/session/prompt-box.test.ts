/** Screens of the real claude (80×24, loopback API), captured by hand; e2e holds them live. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { holdsExactly } from '../../../../src/claude/session/pasted-text.ts';
import { type BoxRow, type PromptBox, readPromptBox } from '../../../../src/claude/session/prompt-box.ts';
import { verifies } from '../../../requirements.ts';

/** A row is its text, or the text and what of it is bright. */
type CapturedRow = string | [text: string, brightText: string];

function capturedScreens(version: string): Record<string, CapturedRow[]> {
  return JSON.parse(readFileSync(new URL(`../../../fixtures/screens/${version}.json`, import.meta.url), 'utf8'));
}

const rowsOf = (captured: readonly CapturedRow[]): BoxRow[] =>
  captured.map((row) =>
    typeof row === 'string' ? { text: row, brightText: row } : { text: row[0], brightText: row[1] },
  );

const mark = '[claudex mabcdefghijkmnp2';
const rule = '─'.repeat(80);

describe.each(['2.1.197', '2.1.330'])(`prompt box of claude %s ${verifies('prompt-box')}`, (version) => {
  const screens = capturedScreens(version);

  it.each<[string, PromptBox]>([
    ['first', { kind: 'empty' }],
    ['typed', { kind: 'text', text: 'hello' }],
    ['multi-line', { kind: 'text', text: 'one\n  two\n  three' }],
    ['cleared', { kind: 'empty' }],
    ['our-paste', { kind: 'text', text: `${mark} from x]\n  line of ours` }],
    ['long-paste', { kind: 'text', text: '[Pasted text #1 +39 lines]' }],
    ['bash-mode', { kind: 'unknown' }],
    ['after-turn', { kind: 'empty' }],
    ['slash-menu', { kind: 'text', text: '/model' }],
    ['model-dialog', { kind: 'unknown' }],
  ])('%s', (name, box) => {
    expect(readPromptBox(rowsOf(screens[name]!))).toEqual(box);
  });

  it.each([0, 1])('does not take an empty box in the conversation for the real one under a dialog (%i)', (indent) => {
    const dialog = rowsOf(screens['model-dialog']!);
    const fake = rowsOf([rule, `${' '.repeat(indent)}❯`, rule]);
    expect(readPromptBox([...fake, ...dialog])).toEqual({ kind: 'unknown' });
  });
});

const high = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n');

describe.each(['2.1.197', '2.1.332'])(`more screens of claude %s ${verifies('prompt-box')}`, (version) => {
  const screens = capturedScreens(version);
  const read = (name: string): PromptBox => readPromptBox(rowsOf(screens[name]!));

  it.each<[string, PromptBox]>([
    ['placeholder', { kind: 'empty' }],
    ['typed', { kind: 'text', text: version === '2.1.197' ? 'hello' : 'my draft' }],
    ['stashed', { kind: 'taken' }],
    ['bash-mode', { kind: 'unknown' }],
    ['quoted-box', { kind: 'empty' }],
    // a box that claude has quoted stands above the real one
    ['quoted-box-bash-mode', { kind: 'unknown' }],
    ['transcript', { kind: 'unknown' }],
    // 2.1.197 searches in the footer, below an empty box
    ['search', { kind: version === '2.1.197' ? 'taken' : 'unknown' }],
    ['history', { kind: 'text', text: 'quote it' }],
    ['model-dialog', { kind: 'unknown' }],
    ['vim-insert', { kind: 'empty' }],
    ['vim-normal', { kind: 'empty' }],
    ['vim-visual', { kind: 'taken' }],
    ['vim-visual-line', { kind: 'taken' }],
  ])('%s', (name, box) => {
    expect(read(name)).toEqual(box);
  });

  it('knows our own paste from everything else', () => {
    const holding = (text: string): string[] => Object.keys(screens).filter((name) => holdsExactly(read(name), text));
    expect(holding(`${mark} from x]\nline of ours`)).toEqual(['our-paste']);
    expect(holding('line\n'.repeat(40).trimEnd())).toEqual(['long-paste']);
    expect(holding(high)).toEqual(['high-paste']);
  });
});

describe('prompt box', () => {
  const read = (...rows: CapturedRow[]): PromptBox => readPromptBox(rowsOf(rows));

  it('takes a dim placeholder for empty, text beside it for text', () => {
    expect(read(rule, ['❯ Try "fix lint errors"', '❯'], rule)).toEqual({ kind: 'empty' });
    expect(read(rule, ['❯ a Try', '❯ a'], rule)).toEqual({ kind: 'text', text: 'a' });
  });

  it('takes a dim prompt sign and a no-break space for a box', () => {
    expect(read(rule, ['❯\u00a0', '  '], rule)).toEqual({ kind: 'empty' });
    expect(read(rule, '❯\u00a0hello', rule)).toEqual({ kind: 'text', text: 'hello' });
  });

  it('takes a title in the rule', () => {
    expect(read(`${'─'.repeat(60)} my session ──`, '❯', rule)).toEqual({ kind: 'empty' });
  });

  it.each([
    ['nothing', []],
    ['no rule above', ['text', '❯', rule]],
    ['no rule below', [rule, '❯', 'text']],
    ['no prompt sign', [rule, '  text', rule]],
    ['a list with a selected line', [rule, '  ❯ 1. Yes', '    2. No', '']],
    ['a list between rules', [rule, ' Do you want to proceed?', ' ❯ 1. Yes', '   2. No', rule]],
    ['a short rule', ['───', '❯', '───']],
  ])('is unknown with %s', (_, rows) => {
    expect(read(...(rows as CapturedRow[]))).toEqual({ kind: 'unknown' });
  });

  it('knows how much of a box has scrolled out above', () => {
    expect(read('─── ↑ 4 more ───────────────', '  five', '  six', rule)).toEqual({
      kind: 'text',
      text: 'five\n  six',
      hiddenRows: 4,
    });
  });

  it.each([
    ['a box in a code block', [rule, '  ❯', rule]],
    ['a dim rule below', [rule, '❯', [rule, '']]],
    ['something between that is no row of a box', [rule, '❯', '● words', rule]],
  ])('is unknown with %s', (_, rows) => {
    expect(read(...(rows as CapturedRow[]))).toEqual({ kind: 'unknown' });
  });

  it('reads no box above the lowest two rules', () => {
    expect(read(rule, '❯', rule, 'output', rule, '!', rule)).toEqual({ kind: 'unknown' });
    expect(read(rule, '❯', rule, 'output', rule, '> old', rule)).toEqual({ kind: 'unknown' });
  });

  it('reads the lowest box', () => {
    expect(read(rule, '❯', rule, 'output', rule, '❯ draft', rule, '  footer')).toEqual({ kind: 'text', text: 'draft' });
  });
});

describe(`rows that are nearly a box ${verifies('prompt-box')}`, () => {
  const read = (...rows: CapturedRow[]): PromptBox => readPromptBox(rowsOf(rows));

  it('two rules with nothing between them are none', () => {
    expect(read(rule, rule)).toEqual({ kind: 'unknown' });
    expect(read('words', 'words', rule, rule)).toEqual({ kind: 'unknown' });
    expect(read(rule, '❯', rule)).toEqual({ kind: 'empty' });
  });

  it('a prompt mark in a draft whose beginning has scrolled out is the draft’s', () => {
    const scrolled = `───── ↑ 3 more ${'─'.repeat(60)}`;
    expect(read(scrolled, '  a ❯ b', rule)).toEqual({ kind: 'text', text: 'a ❯ b', hiddenRows: 3 });
  });

  it('a conversation that speaks of a stash has none', () => {
    expect(read('› stashed', 'words', 'words', rule, '❯', rule)).toEqual({ kind: 'empty' });
    expect(read('words', '› stashed', 'words', rule, '❯', rule)).toEqual({ kind: 'taken' });
    expect(read('› stashed', rule, '❯', rule)).toEqual({ kind: 'taken' });
  });
});
