/**
 * A viewer of a session with five thousand long, colourful lines above its screen is sent them piece by piece: the host keeps no more
 * for it than a viewer may cost, whatever claude writes meanwhile, and it ends with every line once and with the host's screen.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { View } from '../../../../src/host-client/view.ts';
import { type Frame, frameKinds } from '../../../../src/protocol/frames.ts';
import { scrollbackLines } from '../../../../src/terminal/screen-mirror.ts';
import { verifies } from '../../../requirements.ts';
import { SeenTerminal } from '../../../support/seen-screen.ts';
import { until } from '../../../support/until.ts';
import { HostStandIn, SlowTerminal, type SlowTerminalOptions } from './slow-terminal.ts';

const size = { cols: 220, rows: 30 };
const mebibyte = 1024 * 1024;
/** What may be on its way of lines above the screen, with the line that ends it and the screen below. */
const pieceBytes = 320 * 1024;

/** A line that is as wide as the screen, in which every few letters have a colour of their own. */
function colourful(index: number): string {
  const word = (at: number): string => `\x1b[38;2;${index % 256};${at * 6};${(index >> 8) + at}mword${at % 10}`;
  return `line ${index} ${Array.from({ length: 34 }, (_, at) => word(at)).join(' ')}\x1b[0m`;
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe(`a viewer of a session with a long history ${verifies('attach-shows-screen', 'attach-bounded')}`, () => {
  const open: Array<{ close(): void }> = [];
  afterEach(() => {
    for (const one of open.splice(0).reverse()) one.close();
  });

  let written = 0;
  function write(host: HostStandIn, count: number): void {
    for (const end = written + count; written < end; ) host.output(`${colourful(written++)}\r\n`);
  }

  /** With so many lines above its screen; the oldest has the number 100. */
  async function longHost(lines = 1500): Promise<HostStandIn> {
    const host = new HostStandIn(size);
    open.push(host);
    written = 100;
    // as it is where more has been written than is kept
    if (lines === scrollbackLines) written = 0;
    write(host, 100 - written + lines + size.rows - 1);
    await host.settled();
    return host;
  }

  async function viewerOf(host: HostStandIn, more?: SlowTerminalOptions, onFrame?: (frame: Frame) => void) {
    const terminal = new SlowTerminal(host, size, more, onFrame);
    open.push(terminal);
    await host.settled();
    return terminal;
  }

  /** The numbers of the lines that it has, in their order; one that is being written, or was written over, is none. */
  const numbers = (terminal: SlowTerminal): number[] =>
    terminal
      .lines()
      .flatMap((line) => /^line (\d+) .*word3$/.exec(line)?.[1] ?? [])
      .map(Number);

  /** Numbers in short: `100-5135`. */
  const short = (all: readonly number[]): string =>
    all
      .map((one, index) => (one === all[index - 1]! + 1 ? (one === all[index + 1]! - 1 ? '' : `-${one}`) : ` ${one}`))
      .join('')
      .trim();

  function expectEachOnce(terminal: SlowTerminal): void {
    const all = numbers(terminal);
    expect(short(all)).toEqual(short([...new Set(all)].sort((a, b) => a - b)));
    expect(all.at(-1)).toBe(written - 1);
  }

  it('is sent every line once, in its colours, and the host keeps a piece of it at a time', async () => {
    const host = await longHost(scrollbackLines);
    host.output('\x1b[?2004h\x1b[?1002h\x1b[5;7Hhere\x1b[4m');
    await host.settled();
    expect(host.mirror.snapshot({ scrollback: true }).length).toBeGreaterThan(4 * mebibyte);
    const terminal = await viewerOf(host);
    while (!terminal.viewer.feed.isLive) await terminal.readSome();
    terminal.readOn();
    await terminal.equalsHost();
    expect(terminal.mostKept).toBeGreaterThan(200 * 1024);
    expect(terminal.mostKept).toBeLessThan(pieceBytes);
    const [welcome, first, ...rest] = terminal.kinds;
    expect([welcome, first]).toEqual([frameKinds.welcome, frameKinds.snapshot]);
    expect(rest.length).toBeGreaterThan(15);
    expect(rest.every((kind) => kind === frameKinds.output)).toBe(true);
    const writtenOver = 100 + scrollbackLines + 4;
    expect(short(numbers(terminal))).toBe(`100-${writtenOver - 1} ${writtenOver + 1}-${written - 1}`);
    for (let row = 0; row < scrollbackLines; row += 50) expect(terminal.coloursIn(row)).toEqual(coloursOf(row + 100));
  });

  it('that reads nothing costs no more, however much claude writes, and shows the end of it when it reads again', async () => {
    const host = await longHost(scrollbackLines);
    const terminal = await viewerOf(host);
    await terminal.readSome();
    for (let round = 0; round < 40; round++) {
      write(host, 400);
      terminal.look();
      // a host lets claude write no more than the model keeps up with
      if (round % 2 === 0) await host.settled();
      terminal.look();
    }
    expect(terminal.mostKept).toBeLessThan(pieceBytes);
    terminal.readOn();
    await terminal.equalsHost();
    expectEachOnce(terminal);
    expect(numbers(terminal)[0]).toBe(100);
  });

  it('that has shown the screen and reads no more is behind a megabyte later, and shows the end when it reads again', async () => {
    const host = await longHost();
    const terminal = await viewerOf(host, { scrollback: false });
    expect(terminal.viewer.feed.isLive).toBe(true);
    for (let round = 0; round < 10; round++) {
      write(host, 400);
      terminal.look();
      await host.settled();
      terminal.look();
    }
    expect(terminal.mostKept).toBeGreaterThan(mebibyte);
    expect(terminal.mostKept).toBeLessThan(mebibyte + 64 * 1024);
    terminal.readOn();
    await terminal.equalsHost();
    expectEachOnce(terminal);
  });

  it('that waits for the model keeps a megabyte of what is written meanwhile, then waits for a fresh screen', async () => {
    const host = await longHost();
    const terminal = new SlowTerminal(host, size, { scrollback: false });
    open.push(terminal);
    for (let round = 0; round < 10; round++) {
      write(host, 400);
      terminal.look();
    }
    expect(terminal.mostKept).toBeGreaterThan(mebibyte / 2);
    expect(terminal.mostKept).toBeLessThan(mebibyte + 64 * 1024);
    terminal.readOn();
    await terminal.equalsHost();
    expectEachOnce(terminal);
  });

  it('is sent what scrolls off meanwhile, too, in its place', async () => {
    const host = await longHost();
    const terminal = await viewerOf(host);
    while (!terminal.viewer.feed.isLive) {
      write(host, 7);
      await terminal.readSome();
    }
    write(host, 3);
    terminal.readOn();
    await terminal.equalsHost();
    expect(short(numbers(terminal))).toBe(`100-${written - 1}`);
  });

  it('shows what claude has made of its screen meanwhile: other modes, the alternate screen, nothing above it any more', async () => {
    const changes = [
      '\x1b[?2004l\x1b[?1000h\x1b[?1h\x1b[3 q',
      '\x1b[?1049h\x1b[2J\x1b[3;9Hin it\x1b[>1u',
      '\x1b[3J\x1b[2J\x1b[Hall new',
      '\x1b[?2004l\x1bcall anew',
      '\x1b[3;8r\x1b[5;5H\x1b7\x1b[8;1H\n\nin a region',
    ];
    for (const change of changes) {
      const host = await longHost();
      host.output('\x1b[?2004h');
      const terminal = await viewerOf(host);
      await terminal.readSome();
      host.output(change);
      await terminal.readSome();
      terminal.readOn();
      await terminal.equalsHost();
      expect(new Set(numbers(terminal)).size).toBe(numbers(terminal).length);
    }
  });

  it.each([
    ['wider', { cols: 260, rows: 30 }],
    ['a little narrower', { cols: 200, rows: 30 }],
    ['higher', { cols: 220, rows: 60 }],
    ['lower', { cols: 220, rows: 9 }],
  ])('whose terminal becomes %s meanwhile is sent the rest in that size', async (_, to) => {
    const host = await longHost();
    const terminal = await viewerOf(host);
    const other = await viewerOf(host, { readOnly: true });
    for (let count = 0; count < 2; count++) await terminal.readSome();
    await other.readSome();
    terminal.resize(to);
    write(host, 20);
    terminal.readOn();
    other.readOn();
    await terminal.equalsHost();
    await other.equalsHost();
    for (const one of [terminal, other]) {
      expect(one.mostKept).toBeLessThan(2 * pieceBytes);
      expectEachOnce(one);
      expect(short(numbers(one))).toBe(`100-${written - 1}`);
    }
  });

  it('whose terminal becomes so narrow that the oldest lines have no room misses no other line', async () => {
    const host = await longHost(scrollbackLines);
    const early = await viewerOf(host, { readOnly: true });
    const late = await viewerOf(host);
    await early.readSome();
    for (let count = 0; count < 10; count++) await late.readSome();
    const lastSent = { early: numbers(early).at(-1)!, late: numbers(late).at(-1)! };
    late.resize({ cols: 150, rows: 30 });
    early.readOn();
    late.readOn();
    await early.equalsHost();
    await late.equalsHost();
    const kept = Number(/line (\d+) /.exec(host.mirror.text({ lines: 2 * scrollbackLines, ansi: false }))![1]);
    expect(lastSent.early).toBeLessThan(kept);
    expect(lastSent.late).toBeGreaterThan(kept);
    expectEachOnce(early);
    expect(short(numbers(early)).endsWith(` ${kept}-${written - 1}`)).toBe(true);
    expect(short(numbers(late))).toBe(`100-${written - 1}`);
  });

  it('keeps nobody else waiting, and leaves nothing when it goes', async () => {
    const host = await longHost();
    const stuck = await viewerOf(host);
    const leaves = await viewerOf(host);
    const reads = await viewerOf(host);
    await leaves.readSome();
    reads.readOn();
    await reads.equalsHost();
    expect(stuck.viewer.feed.isLive).toBe(false);
    leaves.close();
    write(host, 50);
    await reads.equalsHost();
    expect(short(numbers(reads))).toBe(`100-${written - 1}`);
    stuck.readOn();
    await stuck.equalsHost();
    expect(short(numbers(stuck))).toBe(`100-${written - 1}`);
    expect(host.viewers.count).toBe(2);
  });

  it('whose terminal has another size shows as much of the screen as fits, once it is there', async () => {
    const host = await longHost();
    const to = { cols: 90, rows: 20 };
    const terminal = new SeenTerminal(to);
    const view = new View({
      sizeOfTty: () => to,
      write: (bytes) => terminal.write(bytes) !== undefined,
      hold: () => undefined,
    });
    open.push({ close: () => terminal.dispose() }, { close: () => view.close() });
    view.sizeIs(size);
    const slow = await viewerOf(host, { readOnly: true }, (frame) => view.take(frame));
    await slow.readSome();
    write(host, 9);
    slow.readOn();
    await slow.equalsHost();
    const wanted = new SeenTerminal(to);
    open.push({ close: () => wanted.dispose() });
    await wanted.write(host.mirror.windowModes() + host.mirror.window(to));
    await until(async () => {
      await terminal.write('');
      return JSON.stringify(terminal.seen()) === JSON.stringify(wanted.seen());
    });
  });

  it('that is let go is sent nothing behind that, whatever size the one before leaves behind', async () => {
    const host = await longHost();
    const last = await viewerOf(host, { scrollback: false });
    const first = new SlowTerminal(host, { cols: 120, rows: 20 }, { scrollback: false });
    open.push(first);
    await host.settled();
    host.viewers.dismiss({ reason: 'ended', exit: null });
    first.close();
    await until(() => host.viewers.count === 1);
    expect(host.mirror.size).toEqual(size);
    await new Promise((resolve) => process.nextTick(resolve));
    // a socket that is written to behind its end is closed, with all that it has not taken
    expect(last.viewer.socket.errored).toBeNull();
  });

  it('is shown how it ended, where claude ends meanwhile', async () => {
    const host = await longHost();
    const terminal = await viewerOf(host);
    await terminal.readSome();
    host.output('the end');
    await host.settled();
    host.viewers.dismiss({ reason: 'ended', exit: null });
    terminal.readOn();
    await terminal.isSaidGoodbye();
    expect(terminal.lines().findLast((line) => line !== '')).toBe('the end');
    expectEachOnce(terminal);
  });
});

/** The colour of each of its letters. */
function coloursOf(index: number): number[] {
  const begin = `line ${index} `.length;
  return upTo(0, size.cols).map((x) => {
    const at = Math.min(33, Math.floor((x - begin) / 6));
    return at < 0 ? -1 : ((index % 256) << 16) | ((at * 6) << 8) | ((index >> 8) + at);
  });
}
