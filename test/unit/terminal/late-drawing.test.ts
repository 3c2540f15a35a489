/** A flood costs a host as little as may be, and ends on the screen that a terminal shows which has drawn all of it. */
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { LateDrawing } from '../../../src/terminal/late-drawing.ts';
import { seenScreen } from '../../support/seen-screen.ts';

const size = { cols: 80, rows: 24 };
const scrollbackLines = 500;
const pieceBytes = 4096;

function newTerminal(): xterm.Terminal {
  return new xterm.Terminal({ ...size, scrollback: scrollbackLines, allowProposedApi: true });
}

/** Draws `output`, given in pieces as a terminal gives it, by way of LateDrawing. */
async function drawnLate(output: Buffer) {
  const terminal = newTerminal();
  const given: number[] = [];
  const write = terminal.write.bind(terminal);
  terminal.write = (bytes, drawn) => {
    given.push(bytes.length);
    write(bytes, drawn);
  };
  const drawing = new LateDrawing({ terminal, scrollbackLines, drawn: () => undefined });
  let waiting = 0;
  for (let at = 0; at < output.length; at += pieceBytes) {
    waiting++;
    drawing.write(output.subarray(at, at + pieceBytes), () => waiting--);
  }
  const waitingAtTheEnd = waiting;
  drawing.draw();
  await new Promise<void>((resolve) => write('', resolve));
  drawing.dispose();
  return { terminal, givenBytes: given.reduce((sum, one) => sum + one, 0), waitingAtTheEnd, waiting };
}

async function drawnAtOnce(output: Buffer): Promise<unknown> {
  const terminal = newTerminal();
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  return seenScreen(terminal);
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `\x1b[3${index % 8}mline ${index}\x1b[0m of a flood, é 日本`).join(
    '\r\n',
  );
}

describe('drawing late', () => {
  it('draws of a flood only what stays, however long it goes on', async () => {
    const output = Buffer.from(`\x1b[1;4mbefore\r\n${lines(150_000)}`);
    expect(output.length).toBeGreaterThan(4 * 1024 * 1024);
    const { terminal, givenBytes, waitingAtTheEnd, waiting } = await drawnLate(output);
    expect(givenBytes).toBeLessThan(1024 * 1024);
    // the pieces that were dropped keep nobody waiting
    expect(waitingAtTheEnd).toBeLessThan((1024 * 1024) / pieceBytes + 2);
    expect(waiting).toBe(0);
    expect(seenScreen(terminal)).toEqual(await drawnAtOnce(output));
  });

  it.each([
    ['a scroll region in its middle', `${lines(60_000)}\r\n\x1b[3;9r\x1b[5;1H${lines(60_000)}\x1b[r`],
    ['the alternate screen in its middle', `${lines(60_000)}\x1b[?1049h${lines(60_000)}\x1b[?1049l${lines(3)}`],
    ['cursor movements all along', lines(120_000).replaceAll('line 7', '\x1b[2;3Hline 7')],
    ['no new line at all', 'x'.repeat(3 * 1024 * 1024)],
  ])('shows the same with %s', async (_, output) => {
    const { terminal, waiting } = await drawnLate(Buffer.from(output));
    expect(waiting).toBe(0);
    expect(seenScreen(terminal)).toEqual(await drawnAtOnce(Buffer.from(output)));
  });
});
