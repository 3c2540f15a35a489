/** The place of a line of a screen model is known for as long as the line is there, whatever is written and whatever size the screen gets; from seeds. */
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { LinePlaces } from '../../../src/terminal/line-places.ts';
import { verifies } from '../../requirements.ts';
import { repetitions } from '../../support/repetition.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const scrollback = 40;

function aModel() {
  const terminal = new xterm.Terminal({ cols: 20, rows: 6, scrollback, allowProposedApi: true, logLevel: 'off' });
  const write = (text: string): Promise<void> => new Promise((resolve) => terminal.write(text, resolve));
  const textAt = (y: number): string => terminal.buffer.normal.getLine(y)?.translateToString(true) ?? '';
  return { terminal, places: new LinePlaces(terminal), write, textAt };
}

describe(`places of lines ${verifies('attach-shows-screen')}`, () => {
  it('are those of their lines, or none once these are gone', async () => {
    for (let seed = 1; seed <= repetitions(60, 2000); seed++) {
      const random = seededRandom(seed);
      const upTo = (most: number): number => 1 + Math.floor(random() * most);
      const { terminal, places, write, textAt } = aModel();
      let number = 0;
      const kept: Array<{ name: string; place: ReturnType<LinePlaces['keep']> }> = [];
      const isThere = (name: string): boolean =>
        Array.from({ length: terminal.buffer.normal.length }, (_, y) => textAt(y)).some((text) =>
          text.startsWith(name),
        );
      for (let step = 0; step < 30; step++) {
        const kind = random();
        if (kind < 0.6) await write(`<${++number}>${'x'.repeat(upTo(60))}\r\n`);
        else if (kind < 0.75) places.resize(10 + upTo(30), 3 + upTo(8));
        else {
          // above the screen: no program reaches it there
          const y = Math.floor(random() * terminal.buffer.normal.baseY);
          const name = /^<\d+>/.exec(textAt(y))?.[0];
          if (name) kept.push({ name, place: places.keep(y) });
        }
        for (const { name, place } of kept) {
          const shown = place.y === undefined ? undefined : textAt(place.y).slice(0, name.length);
          expect(shown, `seed ${seed}, step ${step}`).toBe(isThere(name) ? name : undefined);
        }
      }
      for (const { place } of kept) place.forget();
      terminal.dispose();
    }
  });

  it('are gone with all lines, by a reset or by clearing what is above the screen', async () => {
    for (const all of ['\x1bc', '\x1b[3J']) {
      const { terminal, places, write } = aModel();
      await write('line\r\n'.repeat(30));
      const place = places.keep(3);
      await write(`${all}${'line\r\n'.repeat(30)}`);
      expect(place.y).toBeUndefined();
      terminal.dispose();
    }
  });
});
