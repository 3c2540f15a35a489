/** A first snapshot that is larger than what a viewer may be behind reaches it whole, however slowly it reads. */
import { duplexPair } from 'node:stream';
import xterm from '@xterm/headless';
import { expect, it } from 'vitest';
import { FrameReader, frameKinds } from '../../../../src/protocol/frames.ts';
import { Viewers } from '../../../../src/runner/viewers/viewers.ts';
import { ScreenMirror } from '../../../../src/terminal/screen-mirror.ts';
import { verifies } from '../../../requirements.ts';
import { until } from '../../../support/until.ts';

const size = { cols: 100, rows: 30 };
const lines = 5000;
const megabyte = 1024 * 1024;

/** A line in which every few letters have a colour of their own. */
function colourful(index: number): string {
  const word = (at: number): string => `\x1b[38;2;${index % 256};${at * 9};${(index >> 8) + at}mword${at}`;
  return `line ${index} ${Array.from({ length: 12 }, (_, at) => word(at)).join(' ')}\x1b[0m`;
}

it(`all lines above the screen come, and then what the host shows ${verifies('attach-shows-screen')}`, async () => {
  const mirror = new ScreenMirror({ size, onAnswer: () => undefined });
  const settled = (): Promise<void> => new Promise((resolve) => mirror.whenSettled(resolve));
  const viewers = new Viewers({
    mirror,
    welcome: () => ({ id: 'one', cwd: '/', pid: 1 }),
    resize: (to) => mirror.resize(to),
    input: () => true,
    holdsOutput: () => false,
    changed: () => undefined,
  });
  const output = (text: string): void => {
    mirror.write(Buffer.from(text));
    viewers.output(Buffer.from(text));
  };
  for (let index = 0; index < lines; index++) output(`${colourful(index)}\r\n`);
  await settled();
  expect(mirror.snapshot({ scrollback: true }).length).toBeGreaterThan(megabyte);

  const [hostSide, viewerSide] = duplexPair();
  const terminal = new xterm.Terminal({ ...size, scrollback: 2 * lines, allowProposedApi: true });
  const reader = new FrameReader(64 * megabyte);
  viewerSide.on('data', (chunk) => {
    for (const { kind, payload } of reader.take(chunk)) {
      if (kind === frameKinds.snapshot || kind === frameKinds.output) terminal.write(payload);
    }
  });
  viewerSide.pause();
  viewers.add(hostSide, { protocol: 1, kind: 'terminal', readOnly: false, size });
  await settled();
  const first = hostSide.writableLength;
  expect(first).toBeGreaterThan(megabyte);
  // it does not read, and what follows is not kept for it
  for (let index = 0; index < 3 * lines; index++) output(`later ${colourful(index)}\r\n`);
  await settled();
  expect(hostSide.writableLength).toBeLessThan(first + 2 * megabyte);
  output('the end');
  viewerSide.resume();

  const shown = (): string[] => {
    const { active } = terminal.buffer;
    return Array.from({ length: active.length }, (_, y) => active.getLine(y)!.translateToString(true));
  };
  await until(() => shown().includes('the end'));
  await settled();
  const all = shown();
  for (const index of [0, 1, 2500, lines - size.rows])
    expect(all.some((one) => one.startsWith(`line ${index} `))).toBe(true);
  expect(all.slice(-size.rows)).toEqual(mirror.text({ lines: size.rows, ansi: false }).split('\n'));
  viewers.dispose();
  hostSide.destroy();
  viewerSide.destroy();
  mirror.dispose();
  terminal.dispose();
});
