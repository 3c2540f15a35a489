import { describe, expect, it } from 'vitest';
import { eraseKeys, hasLetGo, holdsExactly, mayHold, pasteKeys } from '../../../../src/claude/session/pasted-text.ts';

const size = { cols: 80, rows: 30 };
const keysOf = (text: string, at = size): string => pasteKeys(text, at).toString();
const box = (text: string, hiddenRows?: number) => ({ kind: 'text' as const, text, ...(hiddenRows && { hiddenRows }) });

describe('a paste', () => {
  it('ends with a space, so that Enter neither takes a proposal nor makes a new line', () => {
    expect(keysOf('path is C:\\')).toBe('\x1b[200~path is C:\\ \x1b[201~');
  });

  it('of a few lines is put in line by line, so that claude does not fold it', () => {
    expect(keysOf('a\n\nb\nc\nd')).toBe(
      ['a\n', '\n', 'b\n', 'c\n', 'd '].map((line) => `\x1b[200~${line}\x1b[201~`).join(''),
    );
  });

  it.each([
    ['many lines', 'line\n'.repeat(40), size],
    ['a line that fills more than the box', `${'word '.repeat(139)}\n`.repeat(4), size],
    ['a line that is folded by itself', `${'x'.repeat(900)}\na\nb\nc`, { cols: 200, rows: 60 }],
    ['a line that begins like a command', 'a\nb\n !c\nd', size],
    ['a low terminal', 'a\nb\nc\nd', { cols: 80, rows: 12 }],
  ])('is left whole for claude to fold: %s', (_, text, at) => {
    expect(keysOf(text, at)).toBe(`\x1b[200~${text}\x1b[201~`);
  });
});

describe('what stands in the box', () => {
  it.each([
    ['as it is', 'one\n  two', 'one\ntwo'],
    ['wrapped', 'a long\n  line', 'a long line'],
    ['with spaces for tabs', 'a    b', 'a\tb'],
    ['without what has no width', 'ab c', 'a\u200bb\u2028c'],
    ['with accents put together', 'caf\u00e9', 'cafe\u0301'],
    ['with something else for what turns the direction', '\ufffd\ufffdabc\ufffd', '\u202e\u2066abc\u2069\ufeff'],
    ['folded', '[Pasted text #3 +11 lines]', 'line\n'.repeat(12).trimEnd()],
    ['folded, one line', '[Pasted text #1]', 'x'.repeat(900)],
    ['folded, wrapped', '[Pasted text\n  #12 +1 lines]', 'a\nb'],
  ])('is ours: %s', (_, shown, text) => {
    expect(holdsExactly(box(shown), text)).toBe(true);
  });

  it.each([
    ['something before it', 'draft one two', 'one two'],
    ['something after it', 'one two x', 'one two'],
    ['it twice', 'one twoone two', 'one two'],
    ['a part of it', 'one', 'one two'],
    ['another fold', '[Pasted text #3 +10 lines]', 'line\n'.repeat(12).trimEnd()],
    ['a fold and more', 'a[Pasted text #3 +11 lines]', 'line\n'.repeat(12).trimEnd()],
    ['two folds', '[Pasted text #3 +1 lines][Pasted text #4 +1 lines]', 'a\nb'],
  ])('is not ours alone: %s', (_, shown, text) => {
    expect(holdsExactly(box(shown), text)).toBe(false);
  });

  it('is ours by its end, where its beginning has scrolled out', () => {
    expect(holdsExactly(box('three\n  four', 2), 'one\ntwo\nthree\nfour')).toBe(true);
    expect(holdsExactly(box('three\n  fou', 2), 'one\ntwo\nthree\nfour')).toBe(false);
    expect(holdsExactly({ kind: 'empty' }, 'one')).toBe(false);
    expect(holdsExactly({ kind: 'unknown' }, 'one')).toBe(false);
  });
});

describe('taking it out', () => {
  const count = (shown: string, text: string): number | undefined => eraseKeys(box(shown), text)?.length;

  it('takes as many backspaces as it has characters, with the space at its end', () => {
    expect(count('one two', 'one two')).toBe(8);
    expect(count('draft one two', 'one two')).toBe(8);
    expect(count('a    b', 'a\tb')).toBe(7);
    expect(count('👩‍👩‍👧', '👩‍👩‍👧')).toBe(2);
    expect(eraseKeys(box('one'), 'one')).toEqual(Buffer.from('\x7f\x7f\x7f\x7f'));
  });

  it('takes one for a fold', () => {
    expect(count('[Pasted text #3 +11 lines]', 'line\n'.repeat(12).trimEnd())).toBe(1);
    expect(count('draft[Pasted text #3 +11 lines]', 'line\n'.repeat(12).trimEnd())).toBe(1);
  });

  it('is not tried where it cannot be exact', () => {
    expect(count('one two x', 'one two')).toBeUndefined();
    expect(count('draft 👩‍👩‍👧', '👩‍👩‍👧')).toBeUndefined();
    expect(eraseKeys({ kind: 'unknown' }, 'one')).toBeUndefined();
  });
});

describe('where claude begins to fold', () => {
  const pastes = (text: string, at = size): number => keysOf(text, at).split('\x1b[200~').length - 1;
  const words = (line: number, lines: number): string =>
    Array.from({ length: lines }, () => 'w'.repeat(line)).join('\n');

  it('one paste up to 800 characters and three lines, then line by line', () => {
    expect([pastes('x'.repeat(400) + '\n' + 'x'.repeat(399)), pastes(words(3, 3)), pastes(words(3, 4))]).toEqual([
      1, 1, 4,
    ]);
    expect(pastes(`${'x'.repeat(400)}\n${'x'.repeat(400)}`, { cols: 200, rows: 60 })).toBe(2);
  });

  it('a line of 700 characters is not folded by itself, one of 701 is', () => {
    const wide = { cols: 200, rows: 60 };
    expect(pastes(`${'x'.repeat(699)}\n${'x'.repeat(150)}`, wide)).toBe(2);
    expect(pastes(`${'x'.repeat(700)}\n${'x'.repeat(150)}`, wide)).toBe(1);
  });

  it('a box holds half the rows of the terminal, less five', () => {
    const rows = (lines: number, at: number) => pastes(words(3, lines), { cols: 80, rows: at });
    expect([rows(10, 30), rows(11, 30), rows(4, 18), rows(4, 17)]).toEqual([10, 1, 4, 1]);
    // a line takes more than one when it is wider than the box; its newline counts
    const lines = (width: number, char = 'x') => pastes(`${char.repeat(width)}\na\nb\nc`, { cols: 24, rows: 19 });
    expect([lines(19), lines(20)]).toEqual([4, 1]);
    // wide characters take two columns
    expect([lines(9, '日'), lines(10, '日')]).toEqual([4, 1]);
    const wrapped = (width: number) => pastes(`${'x'.repeat(width)}\na\nb\nc`, { cols: 24, rows: 22 });
    expect([wrapped(39), wrapped(40)]).toEqual([4, 1]);
  });
});

describe('whether ours is still in the box', () => {
  const mark = '[claudex m1 from me]';

  it.each([
    ['its mark', box(`before ${mark}`), true],
    ['its mark, wrapped', box('[claudex\n  m1 from me]'), true],
    ['a fold', box('a [Pasted text #1 +3 lines]'), true],
    ['a box whose beginning is not seen', box('anything', 2), true],
    ['other words', box('a draft'), false],
    ['words about folds', box('[Pasted text #x'), false],
    ['nothing', { kind: 'empty' } as const, false],
    ['something behind it', { kind: 'taken' } as const, false],
    ['no box', { kind: 'unknown' } as const, false],
  ])('%s', (_, shown, holds) => {
    expect(mayHold(shown, mark)).toBe(holds);
    expect(hasLetGo(shown, mark)).toBe(!holds && shown.kind !== 'unknown');
  });
});

describe('near misses', () => {
  it('a box that shows nothing of it is not its end', () => {
    expect(holdsExactly(box('', 2), 'one')).toBe(false);
  });

  it('a fold on a line of its own, behind a draft, is taken out by one backspace', () => {
    expect(eraseKeys(box('a\nb [Pasted text #3 +1 lines]'), 'x\ny')).toHaveLength(1);
  });
});
