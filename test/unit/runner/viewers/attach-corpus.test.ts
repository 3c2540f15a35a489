/**
 * Whoever attaches to a program sees what it shows: recorded real programs, and screens made for it, cut at many points, the middle
 * of a sequence and of a character among them. What the viewer has been sent then must equal the host's screen at the cut,
 * and at the end.
 */
import { describe, expect, it } from 'vitest';
import { QueryFilter } from '../../../../src/terminal/query-filter.ts';
import { ScreenMirror } from '../../../../src/terminal/screen-mirror.ts';
import { type Recording, readRecordings } from '../../../recordings/recording.ts';
import { verifies } from '../../../requirements.ts';
import { repetitions } from '../../../support/repetition.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { SeenTerminal } from '../../../support/seen-screen.ts';
import { madeScreens } from './made-screens.ts';

const all: Array<[string, Recording]> = [
  ...readRecordings(),
  ...Object.entries(madeScreens).map(([name, text]): [string, Recording] => [
    name,
    { cols: 40, rows: 12, output: Buffer.from(text), marks: [] },
  ]),
];

/** Another program's leavings: what the viewer's terminal showed before. */
const before = 'shell$ vim\r\n\x1b[?1049h\x1b[?1003h\x1b[?1006h\x1b[?5h\x1b[31mother\x1b[5;7r\x1b(0\x1b[>1u\x1b[4h';

/** Marks, the ends of sequences and the bytes right behind them, and others from a seed. */
function cutsOf({ output, marks }: Recording, count: number): number[] {
  const random = seededRandom(output.length);
  const cuts = new Set(marks.map(({ at }) => at));
  for (let index = 0; index < count; index++) {
    const at = Math.floor(random() * output.length);
    cuts.add(at);
    const sequence = output.indexOf(0x1b, at);
    if (sequence !== -1) cuts.add(Math.min(output.length, sequence + 1 + Math.floor(random() * 6)));
    const wide = output.subarray(at).findIndex((byte) => byte >= 0xc2);
    if (wide !== -1) cuts.add(at + wide + 1);
  }
  return [...cuts].sort((a, b) => a - b);
}

describe('attaching', () => {
  it.each(all)(
    `to %s: the viewer shows what the host shows ${verifies('attach-shows-screen')}`,
    async (_, recording) => {
      const { output } = recording;
      const cuts = cutsOf(recording, repetitions(6, 120));
      const mirror = new ScreenMirror({ size: recording, onAnswer: () => undefined });
      const filter = new QueryFilter();
      const host = new SeenTerminal(recording);
      const viewers: Array<{ cut: number; terminal: SeenTerminal }> = [];
      let from = 0;
      for (const cut of [...cuts, output.length]) {
        const bytes = output.subarray(from, cut);
        from = cut;
        mirror.write(bytes);
        const filtered = Buffer.from(filter.take(bytes));
        await host.write(bytes);
        for (const { terminal } of viewers) await terminal.write(filtered);
        await new Promise<void>((resolve) => mirror.whenSettled(resolve));
        const terminal = new SeenTerminal(recording);
        await terminal.write(before);
        await terminal.write(mirror.snapshot({ scrollback: viewers.length % 2 === 0 }));
        if (!filter.isHolding) await terminal.write(mirror.begun);
        expect(terminal.seen(), `right after the cut at ${cut}`).toEqual(host.seen());
        viewers.push({ cut, terminal });
      }
      for (const { cut, terminal } of viewers) {
        expect(terminal.seen(), `at the end, after the cut at ${cut}`).toEqual(host.seen());
        terminal.dispose();
      }
      mirror.dispose();
    },
  );
});
