import { describe, expect, it } from 'vitest';
import { OutputRing } from '../../../src/terminal/output-ring.ts';
import { LiveScreen, renderScreen, type TerminalEvent } from '../../../src/terminal/screen-model.ts';

const size = { cols: 20, rows: 4 };
const screen = async (...events: Array<string | TerminalEvent>) =>
  await renderScreen(
    size,
    events.map((event) => (typeof event === 'string' ? Buffer.from(event) : event)),
  );
const texts = async (...events: Array<string | TerminalEvent>) => (await screen(...events)).map((row) => row.text);

describe('screen model', () => {
  it('shows every row, trimmed at the right', async () => {
    expect(await texts('one  \r\n two')).toEqual(['one', ' two', '', '']);
    expect(await texts()).toEqual(['', '', '', '']);
  });

  it('tells dim from bright', async () => {
    const [row] = await screen('\x1b[1ma\x1b[0m\x1b[2mdim\x1b[22m b');
    expect(row).toEqual({ text: 'adim b', brightText: 'a    b' });
  });

  it('takes a cursor that a program draws by itself for as dim as what follows it', async () => {
    const [placeholder, text] = await screen('\x1b[7mT\x1b[27m\x1b[2mry\x1b[22m\r\n\x1b[7ma\x1b[27mb');
    expect(placeholder).toEqual({ text: 'Try', brightText: '' });
    expect(text).toEqual({ text: 'ab', brightText: 'ab' });
  });

  it('follows the cursor, clears and scrolls', async () => {
    expect(await texts('1\r\n2\r\n3\r\n4\r\n5')).toEqual(['2', '3', '4', '5']);
    expect(await texts('garbage', '\x1b[2J\x1b[2;3Hx')).toEqual(['', '  x', '', '']);
    expect(await texts('under', '\x1b[?1049hover', '\x1b[?1049l')).toEqual(['under', '', '', '']);
  });

  it('takes characters and sequences cut between two pieces', async () => {
    const bytes = Buffer.from('\x1b[2m❯\x1b[0m x');
    for (let cut = 1; cut < bytes.length; cut++) {
      const [row] = await screen(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(row).toEqual({ text: '❯ x', brightText: '  x' });
    }
  });

  it('shows wide characters once', async () => {
    expect((await texts('日本 x'))[0]).toBe('日本 x');
  });

  it('changes its size where the size changed', async () => {
    expect(await texts('12345678901234567890ab', { cols: 30, rows: 2 }, '\x1b[H\x1b[Jwide')).toEqual(['wide', '']);
  });
});

describe('live screen', () => {
  const rowsNow = async (live: LiveScreen): Promise<string[]> => (await live.rows()).map((row) => row.text);

  it('shows at each look what has come since, also a change of size', async () => {
    const ring = new OutputRing(size);
    const live = new LiveScreen(ring);
    ring.output(Buffer.from('one'));
    expect(await rowsNow(live)).toEqual(['one', '', '', '']);
    expect(await rowsNow(live)).toEqual(['one', '', '', '']);
    ring.output(Buffer.from('\r\ntwo'));
    ring.resized({ cols: 30, rows: 2 });
    expect(await rowsNow(live)).toEqual(['one', 'two']);
    ring.resized({ cols: 30, rows: 3 });
    ring.output(Buffer.from('\r\nthree'));
    expect(await rowsNow(live)).toEqual(['one', 'two', 'three']);
  });

  it('begins anew when more has come than is kept', async () => {
    const ring = new OutputRing(size, 64);
    const live = new LiveScreen(ring);
    ring.output(Buffer.from('one'));
    await live.rows();
    ring.output(Buffer.from('x'.repeat(200)));
    ring.output(Buffer.from(`\x1b[2J\x1b[Hnew${' '.repeat(40)}`));
    expect(await rowsNow(live)).toEqual(['new', '', '', '']);
  });

  it('serves several who look at the same time', async () => {
    const ring = new OutputRing(size);
    const live = new LiveScreen(ring);
    ring.output(Buffer.from('a'));
    const first = rowsNow(live);
    ring.output(Buffer.from('b'));
    const second = rowsNow(live);
    expect((await first)[0]).toMatch(/^ab?$/);
    expect((await second)[0]).toBe('ab');
  });
});
