/** Leaving out the lines that a flood has pushed out of all that is kept leaves the same screen, from seeds. */
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { LinePlaces } from '../../../src/terminal/line-places.ts';
import { ScreenDrawing } from '../../../src/terminal/screen-drawing.ts';
import { ScreenMirror, scrollbackLines } from '../../../src/terminal/screen-mirror.ts';
import { withoutScrolledOff } from '../../../src/terminal/scrolled-off.ts';
import { repetitions } from '../../support/repetition.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const size = { cols: 20, rows: 5 };
const scrollback = 8;
const lines = scrollback + 2 * size.rows;

async function drawnBy(...output: Array<Buffer | string>): Promise<string> {
  const terminal = new xterm.Terminal({ ...size, scrollback, allowProposedApi: true, logLevel: 'off' });
  for (const piece of output) await new Promise<void>((resolve) => terminal.write(piece, resolve));
  const drawing = new ScreenDrawing({
    terminal,
    places: new LinePlaces(terminal),
    scrollback: true,
    blank: () => '',
    inputModes: () => '',
    end: () => ({ modes: '', beforeAlternate: '' }),
  });
  const drawn = drawing.next(Number.POSITIVE_INFINITY).text;
  terminal.dispose();
  return drawn;
}

const before = [
  '',
  'text',
  '\x1b[3;7Hin the middle',
  '\x1b[1;31;44m',
  '\x1b[4h\x1b[2;2Habc\x1b[1;2H',
  '\x1b[?7lno wrap',
  '\x1b7\x1b[35msaved above',
  '\x1b]8;;https://example.com\x07link',
  '\x1b[3g\x1b[1;9H\x1bH\r',
  'x'.repeat(20),
  '\x1b(0lqk',
  ...['old line\r\n'.repeat(30)],
];
const pieces = [
  'a',
  'some words',
  'a line that is longer than the screen is wide',
  '日本',
  'e\u0301',
  '\t',
  '\r',
  '\x1b[m',
  '\x1b[0m',
  '\x1b[0;32m',
  '\x1b[1;38;2;1;2;3m',
  '\x1b[4:3m',
  '\x1b[48;5;7m',
  '\u00e9',
  '\n',
];
const endings = [
  '',
  '\x1b[H\x1b[2Jdrawn anew',
  '\x1b[2;4rregion\n\n\n',
  '\x1b[?1049halternate',
  '\x1b[31',
  '\x1b[5Aup',
  '\xc2',
];

describe('a flood without the lines that have gone', () => {
  it('leaves what all of it leaves', async () => {
    let leftOut = 0;
    for (let seed = 1; seed <= repetitions(60, 5000); seed++) {
      const random = seededRandom(seed);
      const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
      let flood = '';
      for (let line = 0; line < 60; line++) {
        for (let count = random() * 5; count > 0; count--) flood += pick(pieces);
        flood += '\r\n';
      }
      const [start, all] = [pick(before), Buffer.from(flood + pick(endings))];
      const some = withoutScrolledOff(all, lines);
      if (!some) continue;
      leftOut++;
      expect(some.length).toBeLessThan(all.length);
      expect(await drawnBy(start, some), `seed ${seed}`).toBe(await drawnBy(start, all));
    }
    expect(leftOut).toBeGreaterThan(40);
  });

  const many = (line: string): Buffer => Buffer.from(line.repeat(100));

  it.each([
    ['too few lines', Buffer.from('line\r\n'.repeat(lines))],
    ['lines that go on where the ones above end', many('line\n')],
    ['a sequence that moves the cursor', many('line\x1b[A\r\n')],
    ['another screen', many('line\x1b[?1049h\r\n')],
    ['a control of two bytes', many('line\u0085\r\n')],
    ['a question', many('line\x1b[c\r\n')],
    ['a bell', many('line\x07\r\n')],
    ['looks that are never reset', Buffer.from('\x1b[1m\r\n'.repeat(5000))],
  ])('draws all of it where there are %s', (_, bytes) => {
    expect(withoutScrolledOff(bytes, lines)).toBeUndefined();
  });

  it('repeats only the looks since the last reset', () => {
    const flood = Buffer.from(`\x1b[1ma\r\n\x1b[0;31mb\x1b[42mc\r\n${'line\r\n'.repeat(lines + 2)}`);
    expect(withoutScrolledOff(flood, lines)!.toString()).toMatch(/^\x1b\[0;31m\x1b\[42mline\r\n/);
  });

  it.each([
    ['on the main screen', 'before\r\n'],
    ['in the middle of a sequence', '\x1b[3'],
    ['on the alternate screen', '\x1b[?1049h'],
    ['in a scroll region', '\x1b[3;8r\x1b[5;1H'],
  ])('leaves a mirror as it would be, piece by piece: %s', async (_, start) => {
    const settled = (mirror: ScreenMirror) => new Promise<void>((resolve) => mirror.whenSettled(resolve));
    const flood = Array.from({ length: 30 }, (_, part) =>
      Array.from({ length: 600 }, (_, line) => `\x1b[3${part % 8}m${part} ${line} and some more words\x1b[0m\r\n`).join(
        '',
      ),
    );
    const [atOnce, inPieces] = [0, 1].map(() => new ScreenMirror({ size, onAnswer: () => undefined })) as [
      ScreenMirror,
      ScreenMirror,
    ];
    for (const mirror of [atOnce, inPieces]) {
      mirror.write(Buffer.from(start));
      await settled(mirror);
    }
    for (const part of flood) {
      atOnce.write(Buffer.from(part));
      inPieces.write(Buffer.from(part));
      await settled(inPieces);
    }
    await settled(atOnce);
    expect(atOnce.snapshot({ scrollback: true })).toBe(inPieces.snapshot({ scrollback: true }));
    expect(atOnce.text({ lines: scrollbackLines, ansi: false })).toBe(
      inPieces.text({ lines: scrollbackLines, ansi: false }),
    );
    for (const mirror of [atOnce, inPieces]) mirror.dispose();
  });
});
