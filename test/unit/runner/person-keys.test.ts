import { describe, expect, it } from 'vitest';
import { DraftTracker } from '../../../src/runner/draft-tracker.ts';
import { verifies } from '../../requirements.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function taking(...chunks: string[]): DraftTracker {
  const tracker = new DraftTracker();
  chunks.forEach((chunk, index) => {
    tracker.take(bytes(chunk), 100 + index);
  });
  return tracker;
}

/** All ways to cut `text` into two chunks. */
const splits = (text: string): Array<[string, string]> =>
  Array.from({ length: text.length - 1 }, (_, index) => [text.slice(0, index + 1), text.slice(index + 1)]);

const keys: Array<[name: string, sequence: string]> = [
  ['a letter', 'a'],
  ['ü', '\xc3\xbc'],
  ['Enter', '\r'],
  ['line feed', '\n'],
  ['backspace', '\x7f'],
  ['Ctrl-R', '\x12'],
  ['Ctrl-C', '\x03'],
  ['Tab', '\t'],
  ['Shift-Tab', '\x1b[Z'],
  ['arrow up (history)', '\x1b[A'],
  ['arrow up, application mode', '\x1bOA'],
  ['Ctrl-right', '\x1b[1;5C'],
  ['F1', '\x1bOP'],
  ['F5', '\x1b[15~'],
  ['Delete', '\x1b[3~'],
  ['Alt-x', '\x1bx'],
  ['Alt-Enter', '\x1b\r'],
  ['Esc', '\x1b'],
  ['Esc twice', '\x1b\x1b'],
  ['a, kitty', '\x1b[97u'],
  ['Shift-Enter, kitty', '\x1b[13;2u'],
  ['Enter, kitty', '\x1b[13u'],
  ['a, modifyOtherKeys', '\x1b[27;5;97~'],
  ['an empty paste', '\x1b[200~\x1b[201~'],
  ['a paste', '\x1b[200~hello\x1b[201~'],
];

const replies: Array<[name: string, sequence: string]> = [
  ['focus in', '\x1b[I'],
  ['focus out', '\x1b[O'],
  ['mouse press, SGR', '\x1b[<0;10;20M'],
  ['mouse release, SGR', '\x1b[<0;10;20m'],
  ['mouse wheel, SGR', '\x1b[<64;1;1M'],
  ['mouse, X10', '\x1b[M !!'],
  ['primary device attributes', '\x1b[?62;22c'],
  ['secondary device attributes', '\x1b[>0;276;0c'],
  ['tertiary device attributes', '\x1bP!|00000000\x1b\\'],
  ['cursor position', '\x1b[12;40R'],
  ['cursor position, DEC', '\x1b[?12;40R'],
  ['device status', '\x1b[0n'],
  ['colour scheme', '\x1b[?997;1n'],
  ['kitty keyboard flags', '\x1b[?1u'],
  ['mode report', '\x1b[?2026;2$y'],
  ['window size', '\x1b[8;24;80t'],
  ['window size in pixels', '\x1b[4;600;800t'],
  ['background colour, BEL', '\x1b]11;rgb:1e1e/1e1e/1e1e\x07'],
  ['background colour, ST', '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\'],
  ['terminal version', '\x1bP>|xterm(390)\x1b\\'],
  ['termcap answer', '\x1bP1+r544e=787465726d\x1b\\'],
  ['kitty graphics answer', '\x1b_Gi=31;OK\x1b\\'],
];

describe(`draft tracker: keys ${verifies('draft')}`, () => {
  it('knows of no draft before the first key', () => {
    expect(taking()).toMatchObject({ maybeDraft: false, lastKeyAt: 0 });
  });

  it.each(keys)('%s is a key, however it is cut', (_, sequence) => {
    expect(taking(sequence)).toMatchObject({ maybeDraft: true, lastKeyAt: 100 });
    for (const [first, second] of splits(sequence)) expect(taking(first, second).maybeDraft).toBe(true);
  });

  it.each(keys.filter(([name]) => !/^(Enter|Enter, kitty)$/.test(name)))(
    '%s as the last key: a taken prompt says nothing of the box',
    (_, sequence) => {
      const tracker = taking('hello\r', sequence);
      tracker.promptTaken();
      expect(tracker.maybeDraft).toBe(true);
    },
  );

  it.each(['\r', '\x1b[13u', '\x1b[13;1u'])('%j submits: the box is empty once claude says so', (enter) => {
    const tracker = taking('hello', enter);
    expect(tracker.maybeDraft).toBe(true);
    tracker.promptTaken();
    expect(tracker.maybeDraft).toBe(false);
    tracker.take(bytes('n'), 300);
    expect(tracker).toMatchObject({ maybeDraft: true, lastKeyAt: 300 });
  });

  it('an Enter inside a paste submits nothing, also when the paste is cut anywhere', () => {
    const paste = '\x1b[200~one\rtwo\r\x1b[201~';
    for (const [first, second] of [[paste, ''] as const, ...splits(paste)]) {
      const tracker = taking(first, second);
      tracker.promptTaken();
      expect(tracker.maybeDraft, JSON.stringify(first)).toBe(true);
    }
  });

  it('Enter after a paste submits, also when the paste is cut anywhere', () => {
    const pasted = '\x1b[200~one\x1b[31m\rtwo\x1b[201~\r';
    for (const [first, second] of splits(pasted)) {
      const tracker = taking(first, second);
      tracker.promptTaken();
      expect(tracker.maybeDraft, JSON.stringify(first)).toBe(false);
    }
  });

  it('a backslash before Enter is a new line, not a submitted prompt', () => {
    const tracker = taking('one\\\r');
    tracker.promptTaken();
    expect(tracker.maybeDraft).toBe(true);
  });

  it('an empty box on the screen ends the draft', () => {
    const tracker = taking('hello');
    tracker.provenEmpty();
    expect(tracker).toMatchObject({ maybeDraft: false, lastKeyAt: 100 });
  });
});

describe(`draft tracker: what a terminal says by itself ${verifies('draft')}`, () => {
  it.each(replies)('%s is no key', (_, sequence) => {
    expect(taking(sequence)).toMatchObject({ maybeDraft: false, lastKeyAt: 0 });
    expect(taking(sequence.repeat(3))).toMatchObject({ maybeDraft: false, lastKeyAt: 0 });
  });

  it.each(replies)('%s is no key wherever it is cut after its Esc; what follows is one', (_, sequence) => {
    for (const [first, second] of splits(sequence).slice(1)) {
      const tracker = taking(first, second);
      expect(tracker.maybeDraft, JSON.stringify(first)).toBe(false);
      tracker.take(bytes('x'), 500);
      expect(tracker, JSON.stringify(first)).toMatchObject({ maybeDraft: true, lastKeyAt: 500 });
    }
  });

  it('replies between the keys leave a submitted prompt submitted', () => {
    const tracker = taking('hello\r', '\x1b[I', '\x1b]11;rgb:0/0/0\x07');
    tracker.promptTaken();
    expect(tracker.maybeDraft).toBe(false);
  });

  it('a reply that never ends does not hide the keys after it for ever', () => {
    const tracker = taking('\x1b[', '1;'.repeat(100));
    tracker.take(bytes('hello'), 500);
    expect(tracker).toMatchObject({ maybeDraft: true, lastKeyAt: 500 });
    const string = taking('\x1b]');
    string.take(bytes('x'.repeat(10_000)), 600);
    expect(string).toMatchObject({ maybeDraft: true, lastKeyAt: 600 });
  });

  it('Alt-] is a key although a terminal’s answers begin like it', () => {
    const tracker = taking('\x1b]');
    tracker.take(bytes('h'), 200);
    tracker.take(bytes('i'), 300);
    expect(tracker.maybeDraft).toBe(true);
    // much later, the byte that would end an answer
    tracker.take(bytes('\x07'), 5000);
    expect(tracker).toMatchObject({ maybeDraft: true, lastKeyAt: 5000 });
  });
});
