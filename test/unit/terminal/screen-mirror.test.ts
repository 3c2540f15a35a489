/** A viewer that is given the mirror's snapshot shows what the mirror shows, whatever came before. */
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { ScreenMirror } from '../../../src/terminal/screen-mirror.ts';
import { randomOutput } from '../../support/random-output.ts';
import { repetitions } from '../../support/repetition.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { seenScreen } from '../../support/seen-screen.ts';

const size = { cols: 40, rows: 12 };

async function mirrorOf(output: string): Promise<ScreenMirror> {
  const mirror = new ScreenMirror({ size, onAnswer: () => undefined });
  mirror.write(Buffer.from(output));
  await new Promise<void>((resolve) => mirror.whenSettled(resolve));
  return mirror;
}

async function shownBy(...output: string[]): Promise<unknown> {
  const terminal = new xterm.Terminal({ ...size, scrollback: 100, allowProposedApi: true });
  const shown: unknown[] = [];
  for (const piece of output) {
    await new Promise<void>((resolve) => terminal.write(piece, resolve));
    shown.push(seenScreen(terminal));
  }
  terminal.dispose();
  return shown;
}

/** On a terminal that is given the snapshot, over what stood there, and then whatever comes next. */
const viewerOf = (snapshot: string, before: string, ...next: string[]) => shownBy(before + snapshot, ...next);

/** On one that has seen it all. */
const hostOf = (output: string, ...next: string[]) => shownBy(output, ...next);

const screens: Record<string, string> = {
  'text and colours': 'plain \x1b[1;31mred\x1b[0m\r\n\x1b[48;2;1;2;3mtrue\x1b[0m \x1b[7minverse\x1b[0m',
  'a prompt box': '\x1b[2J\x1b[H──────\r\n❯ draft\r\n──────\x1b[2;8H',
  'wide and combining characters': '日本語 e\u0301 👩‍💻 ok\r\n\tTab',
  'a full last column': `${'x'.repeat(40)}`,
  'a full last line': `\x1b[12;1H${'y'.repeat(40)}`,
  'the alternate screen': 'main\r\nline\x1b[?1049h\x1b[2J\x1b[5;5Hin vim',
  'a scroll region': 'one\r\ntwo\r\nthree\x1b[3;8r\x1b[4;2Hinside',
  modes: '\x1b[?2004h\x1b[?1004h\x1b[?1000h\x1b[?1006h\x1b[?1h\x1b[?25l\x1b[?7l',
  'more than the screen': Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\r\n'),
  'a gap without a background in a row that a coloured one has wrapped into': `${'\r\n'.repeat(11)}\x1b[44m${'x'.repeat(41)}\x1b[0m\x1b[12;5H\x1b[36X\x1b[12;40Hc`,
  'a background that was erased to': '\x1b[44m\x1b[2J\x1b[Hblue\x1b[0m',
};

describe('a snapshot of the mirror', () => {
  it.each(Object.entries(screens))('draws %s on a terminal that showed something else', async (_, output) => {
    const mirror = await mirrorOf(output);
    const snapshot = mirror.snapshot({ scrollback: true });
    const before = 'shell$ vim\r\n\x1b[?1049h\x1b[?1000h\x1b[31mother\x1b[5;7r\x1b]8;;https://elsewhere\x1b\\';
    expect(await viewerOf(snapshot, '')).toEqual(await hostOf(output));
    expect(await viewerOf(mirror.snapshot({ scrollback: false }), before)).toEqual(await hostOf(output));
  });

  it('and its picture for another size set the colours that the program has changed, and give back the others', async () => {
    const mirror = await mirrorOf('\x1b]11;#102030\x07\x1b]12;red\x07\x1b]4;2;#00ff00\x07plain\x1b]112\x07');
    for (const picture of [mirror.snapshot({ scrollback: true }), mirror.windowModes()]) {
      for (const set of ['\x1b]11;#102030\x07', '\x1b]4;2;#00ff00\x07', '\x1b]112\x07']) {
        expect(picture).toContain(set);
      }
      expect(picture).not.toContain('\x1b]12;red');
      expect(picture.lastIndexOf('\x1b]111\x07')).toBeLessThan(picture.indexOf('\x1b]11;#102030\x07'));
    }
  });

  it('and its picture for another size leave no link of before open: all that is drawn would belong to it', async () => {
    const mirror = await mirrorOf('plain');
    const link = '\x1b]8;;https://elsewhere\x1b\\link';
    const window = mirror.windowModes() + mirror.window(size);
    expect(await shownBy(link + window)).toEqual(await shownBy(window));
  });

  it('marks pastes before it draws anything: a slow line takes seconds for the screen, and somebody pastes meanwhile', async () => {
    const mirror = await mirrorOf('\x1b[?2004h\x1b[?1h\x1b[?1004hthe first row\r\nthe last row');
    const snapshot = mirror.snapshot({ scrollback: true });
    const begun = snapshot.slice(0, snapshot.indexOf('the first row'));
    const [seen] = (await shownBy(begun)) as Array<{ modes: object }>;
    expect(seen!.modes).toMatchObject({
      bracketedPasteMode: true,
      applicationCursorKeysMode: true,
      sendFocusMode: true,
    });
    // once: a terminal may say after each that it has the focus
    expect(snapshot.split('\x1b[?1004h')).toHaveLength(2);
  });

  it('draws whatever random programs have written, and what they write next falls where it should', async () => {
    for (let seed = 1; seed <= repetitions(300, 3000); seed++) {
      const output = randomOutput(seededRandom(seed), size);
      // back to the saved cursor: a snapshot that has forgotten where it was, or its looks, shows it now
      const next = '\x1b8Y';
      const mirror = await mirrorOf(output);
      expect(
        await viewerOf(mirror.snapshot({ scrollback: true }), '', next),
        `seed ${seed}: ${JSON.stringify(output)}`,
      ).toEqual(await hostOf(output, next));
      mirror.dispose();
    }
  });
});
