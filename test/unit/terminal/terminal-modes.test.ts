import { describe, expect, it } from 'vitest';
import { TerminalModes } from '../../../src/terminal/terminal-modes.ts';
import { verifies } from '../../requirements.ts';

/** What is undone after this output. */
function undone(output: string, { diedOfSignal = false, chunkBytes = 1_000_000 } = {}): string {
  const modes = new TerminalModes();
  const bytes = Buffer.from(output, 'latin1');
  for (let at = 0; at < bytes.length; at += chunkBytes) modes.output(bytes.subarray(at, at + chunkBytes));
  return modes.undo(diedOfSignal);
}

const everything =
  '\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000;1006h\x1b[?1004h\x1b[?1h\x1b[>1u\x1b[>5u\x1b[=3;1u\x1b[>4;2m\x1b[?7l\x1b[?2026h';
const cleanUp =
  '\x1b[?2026l\x1b[?7h\x1b[>4m\x1b[=0u\x1b[<2u\x1b[?1l\x1b[?1004l\x1b[?1006;1000l\x1b[?2004l\x1b[?25h\x1b[?1049l';

describe(`modes left on in the terminal ${verifies('terminal-restored')}`, () => {
  it('says nothing after a program that used none, or cleaned up', () => {
    expect(undone('plain text\r\n')).toBe('');
    expect(undone('plain text\r\n', { diedOfSignal: true })).toBe('');
    expect(undone('\x1b[31mred\x1b[0m\x1b[H\x1b[?u\x1b[>0q\x1b[c')).toBe('');
    expect(undone(everything + cleanUp)).toBe('');
  });

  it.each([1, 2, 3, 7, 1_000_000])('undoes what is left on, however the output was cut (%d bytes)', (chunkBytes) => {
    const undo = undone(`text${everything}text`, { chunkBytes });
    for (const mode of [1049, 2004, 1000, 1006, 1004, 1, 2026]) expect(undo).toContain(`\x1b[?${mode}l`);
    for (const mode of [25, 7]) expect(undo).toContain(`\x1b[?${mode}h`);
    for (const sequence of ['\x1b[<2u', '\x1b[=0u', '\x1b[>4;0m', '\x1b[0m', '\x1b(B', '\x1b>']) {
      expect(undo).toContain(sequence);
    }
    expect(undone(everything + undo)).toBe('');
  });

  it('leaves the alternate screen before it resets what the other one shows', () => {
    const undo = undone(everything);
    expect(undo.indexOf('\x1b[?1049l')).toBeLessThan(undo.indexOf('\x1b[r'));
  });

  it('a death by a signal also ends colours, scroll region, line drawing and keypad', () => {
    expect(undone('\x1b[31;1m\x1b(0', { diedOfSignal: true })).toBe('\x1b7\x1b[r\x1b8\x1b(B\x1b[0m\x1b>');
    expect(undone('\x1b[31;1m\x1b(0')).toBe('');
  });

  it.each([1, 2, 3, 5, 1_000_000])('takes back after a crash what is no mode (%d bytes)', (chunkBytes) => {
    const left = '\x1b[5 q\x1b]9;4;1;50\x07\x1b]11;#102030\x1b\\\x1b]12;red\x07';
    const undo = undone(left, { diedOfSignal: true, chunkBytes });
    for (const sequence of ['\x1b[0 q', '\x1b]9;4;0\x07', '\x1b]111\x07', '\x1b]112\x07'])
      expect(undo).toContain(sequence);
    expect(undo).not.toContain('\x1b]110\x07');
    expect(undone(left, { chunkBytes })).toBe(''); // a program that has ended by itself meant it
    expect(undone(`${left}\x1b[?25l`, { chunkBytes })).toContain('\x1b[0 q');
  });

  it.each([1, 3, 1_000_000])(
    'takes nothing back that the program has taken back, or only asked for (%d bytes)',
    (chunkBytes) => {
      const asked = '\x1b]11;?\x07\x1b]0;title 9;4;1\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[38;5;7mq\x1b[2J';
      const cleaned = '\x1b[2 q\x1b[ q\x1b]9;4;3\x07\x1b]9;4;0\x07\x1b]10;red\x07\x1b]110\x07';
      const undo = undone(asked + cleaned, { diedOfSignal: true, chunkBytes });
      expect(undo).toBe('\x1b7\x1b[r\x1b8\x1b(B\x1b[0m\x1b>');
    },
  );

  it.each([1, 2, 5, 1_000_000])('knows which colours are not the terminal’s own (%d bytes)', (chunkBytes) => {
    const modes = new TerminalModes();
    const output = (text: string): void => {
      for (let at = 0; at < text.length; at += chunkBytes) modes.output(Buffer.from(text.slice(at, at + chunkBytes)));
    };
    output('\x1b]10;rgb:ffff/eeee/dddd\x1b\\\x1b]11;#102030\x07\x1b]4;1;red;200;rgb:00/11/22\x07');
    output('\x1b]4;7;?\x07\x1b]10;?;?\x07\x1b]4;999;red\x07\x1b]4;3;\x07\x1b]1;an icon\x07\x1b]13;red\x07');
    const set = '\x1b]10;rgb:ffff/eeee/dddd\x07\x1b]11;#102030\x07\x1b]4;1;red\x07\x1b]4;200;rgb:00/11/22\x07';
    expect(modes.colours.redo()).toBe(set);
    expect(TerminalModes.of(modes.state()).colours.redo()).toBe(set);
    expect(modes.undo(true)).toContain('\x1b]110\x07\x1b]111\x07\x1b]104;1\x07\x1b]104;200\x07');
    output('\x1b]104;1\x07\x1b]110\x07\x1b]11;blue;green\x07');
    expect(modes.colours.redo()).toBe('\x1b]11;blue\x07\x1b]4;200;rgb:00/11/22\x07\x1b]12;green\x07');
    output('\x1b]104\x07\x1b]111\x1b\\\x1b]112\x07');
    expect(modes.colours.redo()).toBe('');
    // a terminal that has missed the end of them is given its own back
    for (const reset of ['\x1b]110\x07', '\x1b]111\x07', '\x1b]112\x07', '\x1b]104;1\x07', '\x1b]104;200\x07'])
      expect(modes.reset()).toContain(reset);
  });

  it('pops keyboard flags on the screen that they were pushed on, and nothing of the other', () => {
    const alternate = undone('\x1b[?1049h\x1b[>1u\x1b[>5u');
    expect(alternate.split('\x1b[<2u')).toHaveLength(2);
    expect(alternate.indexOf('\x1b[<2u')).toBeLessThan(alternate.indexOf('\x1b[?1049l'));
    const main = undone('\x1b[>1u\x1b[?1049h');
    expect(main.indexOf('\x1b[<1u')).toBeGreaterThan(main.indexOf('\x1b[?1049l'));
    expect(undone('\x1b[?1049h\x1b[>1u\x1b[?1049l')).toBe('');
  });

  it('is not led astray by what only begins like a sequence', () => {
    expect(undone(`\x1b[?${'9'.repeat(100)}`, { chunkBytes: 10 })).toBe('');
    expect(undone('\x1b[?x\x1b[?\x1b[>\x1b')).toBe('');
  });
});
