import { describe, expect, it } from 'vitest';
import { PersonKeys } from '../../../src/runner/person-keys.ts';
import { verifies } from '../../requirements.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function taking(...chunks: string[]): PersonKeys {
  const keysTaken = new PersonKeys();
  chunks.forEach((chunk, index) => {
    keysTaken.take(bytes(chunk), 100 + index);
  });
  return keysTaken;
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
  // what begins or ends like an answer, and is none
  ['Ctrl-Tab, modifyOtherKeys', '\x1b[1;5I'],
  ['a mouse report after something else', '\x1b[1<0;1;1M'],
  ['device attributes after something else', '\x1b[1?1c'],
  ['kitty flags after something else', '\x1b[1?1u'],
  ['a cursor position after something else', '\x1b[;1;2R'],
  ['a mode report after something else', '\x1b[>1$y'],
  ['a status after something else', '\x1b[>1t'],
  ['what is typed, and would be an answer after an Esc', 'x[I'],
  ['an answer’s end that is none', '\x1b]11;rgb:0/0/0\x1bx'],
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
  ['privacy message', '\x1b^what a terminal keeps\x1b\\'],
  ['start of string', '\x1bXwhatever\x1b\\'],
  ['an Esc inside an answer', '\x1b]11;rgb:0/\x1b0/0\x1b\\'],
  ['cursor position with its page', '\x1b[?12;40;10R'],
  ['mode report, ANSI', '\x1b[4;1$y'],
  ['all kitty keyboard flags', '\x1b[?31u'],
  ['as many parameters as an answer may have', `\x1b[${'1'.repeat(64)}n`],
];

describe(`person’s keys: keys ${verifies('draft')}`, () => {
  it('knows of no key before the first', () => {
    expect(taking()).toMatchObject({ lastKeyAt: 0, isPasting: false });
  });

  it.each(keys)('%s is a key, however it is cut', (_, sequence) => {
    expect(taking(sequence).lastKeyAt).toBe(100);
    for (const [first, second] of splits(sequence)) {
      expect(taking(first, second).lastKeyAt, JSON.stringify(first)).toBeGreaterThanOrEqual(100);
    }
  });

  it('knows the middle of a paste from its end, wherever it is cut', () => {
    const paste = '\x1b[200~one\r\x1b[31mtwo\x1b[201~';
    for (const [first, second] of splits(paste)) {
      const one = taking(first);
      expect(one.isPasting, JSON.stringify(first)).toBe(first.length >= 6);
      one.take(bytes(second), 300);
      expect(one).toMatchObject({ isPasting: false, lastKeyAt: 300 });
    }
  });
});

describe(`person’s keys: what a terminal says by itself ${verifies('draft')}`, () => {
  it.each(replies)('%s is no key', (_, sequence) => {
    expect(taking(sequence)).toMatchObject({ lastKeyAt: 0 });
    expect(taking(sequence.repeat(3))).toMatchObject({ lastKeyAt: 0 });
  });

  it.each(replies)('%s is no key wherever it is cut after its Esc; what follows is one', (_, sequence) => {
    for (const [first, second] of splits(sequence).slice(1)) {
      const keysTaken = taking(first, second);
      expect(keysTaken.lastKeyAt, JSON.stringify(first)).toBe(0);
      keysTaken.take(bytes('x'), 500);
      expect(keysTaken, JSON.stringify(first)).toMatchObject({ lastKeyAt: 500 });
    }
  });

  it('replies between the keys are none', () => {
    const keysTaken = taking('hello\r', '\x1b[I', '\x1b]11;rgb:0/0/0\x07');
    expect(keysTaken.lastKeyAt).toBe(100);
  });

  it('a reply that never ends does not hide the keys after it for ever', () => {
    const keysTaken = taking('\x1b[', '1;'.repeat(100));
    keysTaken.take(bytes('hello'), 500);
    expect(keysTaken).toMatchObject({ lastKeyAt: 500 });
    const string = taking('\x1b]');
    string.take(bytes('x'.repeat(10_000)), 600);
    expect(string).toMatchObject({ lastKeyAt: 600 });
  });

  it.each([
    ['Alt-x', '\x1bx'],
    ['arrow up', '\x1b[A'],
    ['insert characters', '\x1b[5@'],
    ['a paste', '\x1b[200~hello\x1b[201~'],
    ['more parameters than any answer has', `\x1b[${'1'.repeat(65)}`],
  ])('%s is over when it ends: an answer may come at once', (_, sequence) => {
    expect(taking(sequence, '\x1b[I').lastKeyAt).toBe(100);
  });

  it('more parameters than any answer has are keys to the last', () => {
    expect(taking(`\x1b[${'1'.repeat(65)}n`).lastKeyAt).toBe(100);
  });

  it('a byte that ends no sequence leaves it open, and in doubt', () => {
    expect(taking('\x1b[\xc3', '\x1b[I').lastKeyAt).toBe(101);
  });

  it('Esc is a key, and what a terminal says right after it is none', () => {
    expect(taking('\x1b\x1b', '[I').lastKeyAt).toBe(100);
    expect(taking('\x1bx', '[I').lastKeyAt).toBe(101);
  });

  it('the pieces of an answer come within a second', () => {
    const keysTaken = new PersonKeys();
    keysTaken.take(bytes('\x1b['), 100);
    keysTaken.take(bytes('I'), 1100);
    expect(keysTaken.lastKeyAt).toBe(0);
    keysTaken.take(bytes('\x1b['), 2000);
    keysTaken.take(bytes('I'), 3001);
    expect(keysTaken.lastKeyAt).toBe(3001);
    // and what comes then is read afresh
    keysTaken.take(bytes('\x1b[O'), 4000);
    expect(keysTaken.lastKeyAt).toBe(3001);
  });

  it('a paste may take as long as it likes', () => {
    const keysTaken = taking('\x1b[200~one');
    keysTaken.take(bytes('two'), 5000);
    expect(keysTaken.isPasting).toBe(true);
    keysTaken.take(bytes('\x1b[201~'), 9000);
    expect(keysTaken).toMatchObject({ isPasting: false, lastKeyAt: 9000 });
  });

  it('Alt-] is a key although a terminal’s answers begin like it', () => {
    const keysTaken = taking('\x1b]');
    keysTaken.take(bytes('h'), 200);
    keysTaken.take(bytes('i'), 300);
    expect(keysTaken.lastKeyAt).toBe(300);
    // much later, the byte that would end an answer
    keysTaken.take(bytes('\x07'), 5000);
    expect(keysTaken).toMatchObject({ lastKeyAt: 5000 });
  });
});
