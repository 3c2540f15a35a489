import { describe, expect, it } from 'vitest';
import { sanitiseBody, sanitiseLine } from '../../../src/protocol/sanitise.ts';
import { verifies } from '../../requirements.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** C0 but tab and newline, DEL, C1. */
const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe(`sanitiseBody ${verifies('plain-text')}`, () => {
  const controls = [...Array(32).keys(), 0x7f, ...Array.from({ length: 32 }, (_, index) => 0x80 + index)];
  it.each(controls.map((code) => [code.toString(16).padStart(2, '0'), code]))('lets no byte 0x%s act', (_, code) => {
    const char = String.fromCharCode(code as number);
    const kept: Record<string, string> = { '\t': '\t', '\n': '\n', '\r': '\n' };
    const clean = sanitiseBody(`a${char}!z`);
    expect(clean).not.toMatch(control);
    expect(clean.startsWith('a')).toBe(true);
    // an introducer of an escape sequence may take what belongs to it; the others go alone
    if (!/[\x1b\x9b]/.test(char)) expect(clean).toBe(`a${kept[char] ?? ''}!z`);
  });

  it.each([
    ['a colour', 'a\x1b[31;1mb\x1b[0mc', 'abc'],
    ['a colour in C1', 'a\x9b31mb', 'ab'],
    ['the end of a paste', 'a\x1b[201~\rrm -rf /\r', 'a\nrm -rf /'],
    ['the end of a paste in C1', 'a\x9b201~b', 'ab'],
    ['a nested paste', '\x1b[200~a\x1b[200~b\x1b[201~c\x1b[201~', 'abc'],
    ['a paste end in a paste end', 'a\x1b[20\x1b[201~1~b', 'a201~b'],
    ['the clipboard, ended by BEL', 'a\x1b]52;c;cm0gLXJm\x07b', 'ab'],
    ['the clipboard, ended by ST', 'a\x1b]52;c;cm0gLXJm\x1b\\b', 'ab'],
    ['the clipboard in C1', 'a\x9d52;c;cm0gLXJm\x9cb', 'ab'],
    ['the title', 'a\x1b]0;owned\x07b', 'ab'],
    ['a device control string', 'a\x1bP+q544e\x1b\\b', 'ab'],
    ['an application command', 'a\x1b_Gf=100;AAAA\x1b\\b', 'ab'],
    ['a reset', 'a\x1bcb', 'ab'],
    ['another character set', 'a\x1b(0b', 'ab'],
    ['CRLF and CR', 'a\r\nb\rc', 'a\nb\nc'],
    ['tabs and newlines, kept', '\ta\n\n\tb', '\ta\n\n\tb'],
    ['trailing white space', 'a \t\n\n', 'a'],
    ['lone surrogates', 'a\ud800b\udc00c', 'a\ufffdb\ufffdc'],
    ['a whole pair, kept', 'a😀b', 'a😀b'],
    ['right-to-left and zero-width text, kept', 'שלום\u200b\u202eabc', 'שלום\u200b\u202eabc'],
    [
      'commands: kept, the attribution line makes them harmless',
      '!rm\n/permissions\n#x\n@y',
      '!rm\n/permissions\n#x\n@y',
    ],
  ])('%s', (_, body, clean) => {
    expect(sanitiseBody(body)).toBe(clean);
  });

  it('does not swallow the rest of a body after a string that never ends', () => {
    expect(sanitiseBody('before \x1b]52;c;AAAA and\nall of the rest')).toContain('all of the rest');
  });

  it('leaves no control character and no lone surrogate in anything, and is its own fixed point', () => {
    const random = seededRandom(20261121);
    const pieces = [
      '\x1b',
      '\x1b[',
      '\x1b]',
      '\x1bP',
      '\x9b',
      '\x9d',
      '\x9c',
      '\x07',
      '\x1b\\',
      '201~',
      '\r',
      '\n',
      '\t',
      ';',
      'm',
      '0',
      '?',
      ' ',
      '\ud83d',
      '\ude00',
      'text',
      '\x00',
      '\x7f',
      '\x18',
      '\x1a',
    ];
    for (let round = 0; round < 5000; round++) {
      let body = '';
      for (let length = random() * 40; length > 0; length--) {
        body += random() < 0.8 ? pieces[Math.floor(random() * pieces.length)] : String.fromCharCode(random() * 0x10000);
      }
      const clean = sanitiseBody(body);
      if (control.test(clean) || !clean.isWellFormed() || sanitiseBody(clean) !== clean) {
        expect.fail(`${JSON.stringify(body)} became ${JSON.stringify(clean)}`);
      }
    }
  });

  it('takes no longer for beginnings of strings that never end (quadratic, it took a minute)', () => {
    const started = process.cpuUsage();
    expect(sanitiseBody('\u0090'.repeat(128 * 1024))).toBe('');
    expect(sanitiseBody('\u009d0'.repeat(64 * 1024))).toBe('0'.repeat(64 * 1024));
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });

  it('keeps plain text of every length whole', () => {
    const line = 'x'.repeat(256 * 1024);
    expect(sanitiseBody(line)).toBe(line);
  });
});

describe('sanitiseLine', () => {
  it('makes one line, and says where it was cut', () => {
    expect(sanitiseLine(' a\n\tb\x1b[2J  c ')).toBe('a b c');
    expect(sanitiseLine('x'.repeat(80))).toBe('x'.repeat(80));
    expect(sanitiseLine('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
  });

  it('does not cut a character in two', () => {
    expect(sanitiseLine('😀'.repeat(50), 10).isWellFormed()).toBe(true);
  });
});
