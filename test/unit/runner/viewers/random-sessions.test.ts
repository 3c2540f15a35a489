/**
 * Three viewers who come, go, resize, type, stop reading and read on while a program writes, from seeds: each ends with what the host
 * shows, every key reaches claude once, and nobody makes the host keep more than a viewer may cost.
 */

import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { View } from '../../../../src/host-client/view.ts';
import { type Frame, FrameReader, type FrameSize, frameKinds } from '../../../../src/protocol/frames.ts';
import type { Viewer } from '../../../../src/runner/viewers/viewer.ts';
import { Viewers } from '../../../../src/runner/viewers/viewers.ts';
import { QueryFilter } from '../../../../src/terminal/query-filter.ts';
import { ScreenMirror } from '../../../../src/terminal/screen-mirror.ts';
import { readRecordings } from '../../../recordings/recording.ts';
import { verifies } from '../../../requirements.ts';
import { repetitions } from '../../../support/repetition.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { SeenTerminal } from '../../../support/seen-screen.ts';
import { until } from '../../../support/until.ts';

const sizes: FrameSize[] = [
  { cols: 40, rows: 12 },
  { cols: 60, rows: 8 },
  { cols: 25, rows: 20 },
];
const mostOfAViewer = 1024 * 1024;
/** Of a screen of these sizes, or a page of output. */
const onePicture = 128 * 1024;

class Host {
  readonly mirror = new ScreenMirror({ size: sizes[0]!, onAnswer: () => undefined });
  readonly typed: string[] = [];
  readonly viewers: Viewers;
  readonly #filter = new QueryFilter();

  constructor() {
    this.viewers = new Viewers({
      mirror: this.mirror,
      welcome: () => ({ id: 'one', cwd: '/', pid: 1 }),
      resize: (size) => this.mirror.resize(size),
      input: (bytes) => this.typed.push(bytes.toString()) > 0,
      holdsOutput: () => this.#filter.isHolding,
      changed: () => undefined,
    });
  }

  /** As a pty gives it out: in pages that end anywhere, no more of them than the mirror keeps up with. */
  async output(bytes: Buffer, random: () => number): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const to = from + 1 + Math.floor(random() * 4095);
      const page = bytes.subarray(from, to);
      this.mirror.write(page);
      this.viewers.output(this.#filter.take(page));
      if (Math.floor(to / mostOfAViewer) > Math.floor(from / mostOfAViewer)) await this.settled();
      from = to;
    }
    if (random() < 0.5) await this.settled();
  }

  settled(): Promise<void> {
    return new Promise((resolve) => this.mirror.whenSettled(resolve));
  }

  /** What a terminal of that size that has just come would show. */
  async shownTo(size: FrameSize): Promise<unknown> {
    await this.settled();
    const terminal = new SeenTerminal(size);
    const isSame = size.cols === this.mirror.size.cols && size.rows === this.mirror.size.rows;
    await terminal.write(
      isSame ? this.mirror.snapshot({ scrollback: false }) : this.mirror.windowModes() + this.mirror.window(size),
    );
    if (isSame && !this.#filter.isHolding) await terminal.write(this.mirror.begun);
    const seen = terminal.seen();
    terminal.dispose();
    return seen;
  }
}

class Terminal {
  readonly terminal: SeenTerminal;
  readonly socket: Duplex;
  readonly expected: string[] = [];
  size: FrameSize;
  readonly #view: View;
  readonly #viewer: Viewer;
  readonly #host: Host;
  readonly #name: string;
  readonly readOnly: boolean;
  #hostSide: Duplex;
  #count = 0;

  constructor(host: Host, name: string, size: FrameSize, readOnly: boolean) {
    this.#host = host;
    this.#name = name;
    this.size = size;
    this.readOnly = readOnly;
    this.terminal = new SeenTerminal(size);
    [this.#hostSide, this.socket] = duplexPair();
    this.#view = new View({
      write: (bytes) => {
        void this.terminal.write(bytes);
        return true;
      },
      sizeOfTty: () => this.size,
      hold: () => undefined,
    });
    const reader = new FrameReader(64 * 1024 * 1024);
    this.socket.on('data', (chunk) => {
      for (const frame of reader.take(chunk)) this.#take(frame);
    });
    this.#hostSide.resume();
    const hello = { protocol: 1, kind: 'terminal', readOnly, size } as const;
    this.#viewer = host.viewers.add(this.#hostSide, hello)!;
  }

  #take(frame: Frame): void {
    if (frame.kind === frameKinds.welcome) this.#view.sizeIs(JSON.parse(frame.payload.toString()).size);
    else this.#view.take(frame);
  }

  type(): void {
    const keys = `${this.#name}${++this.#count};`;
    this.#host.viewers.keys(this.#viewer, Buffer.from(keys));
    if (!this.readOnly) this.expected.push(keys);
  }

  resize(size: FrameSize): void {
    this.size = size;
    this.terminal.terminal.resize(size.cols, size.rows);
    this.#host.viewers.resized(this.#viewer, size);
    this.#view.resized();
  }

  /** Bytes that the host keeps for it. */
  get kept(): number {
    return this.#viewer.feed.keptBytes;
  }

  close(): void {
    this.#view.close();
    this.socket.destroy();
    this.#hostSide.destroy();
  }
}

const recordings = readRecordings().map(([, { output }]) => output);

async function playSession(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const host = new Host();
  const there: Terminal[] = [];
  const expected: string[] = [];
  let names = 0;
  const recording = pick(recordings);
  let position = 0;
  /** The program goes on, from the start again when it has ended. */
  const played = (count: number): Buffer => {
    const parts: Buffer[] = [];
    for (let left = Math.ceil(count); left > 0; ) {
      const part = recording.subarray(position, position + left);
      parts.push(part);
      left -= part.length;
      position = (position + part.length) % recording.length;
    }
    return Buffer.concat(parts);
  };
  const leave = (one: Terminal): void => {
    there.splice(there.indexOf(one), 1);
    expected.push(...one.expected);
    one.close();
  };
  const steps: Array<() => void | Promise<void>> = [
    () => void (there.length < 3 && there.push(new Terminal(host, `v${++names}-`, pick(sizes), random() < 0.25))),
    () => void (there.length < 3 && there.push(new Terminal(host, `v${++names}-`, pick(sizes), false))),
    () => void (there.length > 0 && random() < 0.5 && leave(pick(there))),
    () => void (there.length > 0 && pick(there).resize(pick(sizes))),
    () => void (there.length > 0 && pick(there).type()),
    () => void (there.length > 0 && pick(there).socket.pause()),
    () => void (there.length > 0 && pick(there).socket.resume()),
    () => host.output(played(random() * 2000), random),
    () => host.output(played(random() * 200), random),
    // a question that is answered by the host, and one that never ends; never in the middle of a sequence
    async () => {
      await host.settled();
      const question = Buffer.from(pick(['\x1b[c', '\x1b]11;?\x07', '\x1b[?u', '\x1bP+q5']));
      if (host.mirror.begun.length === 0) await host.output(question, random);
    },
    () => host.output(played(random() < 0.2 ? 3 * mostOfAViewer : 20_000), random),
  ];
  for (let step = 0; step < 40; step++) {
    await pick(steps)();
    for (const one of there) expect(one.kept, `seed ${seed}, step ${step}`).toBeLessThan(mostOfAViewer + onePicture);
  }
  if (there.length === 0) there.push(new Terminal(host, 'last-', sizes[0]!, false));
  for (const one of there) one.socket.resume();
  for (const one of there) {
    let seen: unknown;
    let wanted: unknown;
    const isEqual = async (): Promise<boolean> => {
      wanted = await host.shownTo(one.size);
      await one.terminal.write('');
      seen = one.terminal.seen();
      return JSON.stringify(seen) === JSON.stringify(wanted);
    };
    await until(isEqual, { timeoutMs: 10_000 }).catch(() => expect(seen, `seed ${seed}`).toEqual(wanted));
  }
  for (const one of [...there]) leave(one);
  expect([...host.typed].sort(), `seed ${seed}`).toEqual([...expected].sort());
  for (const name of new Set(expected.map((keys) => keys.split('-')[0]))) {
    const ofOne = (all: string[]): string[] => all.filter((keys) => keys.startsWith(`${name}-`));
    expect(ofOne(host.typed)).toEqual(ofOne(expected));
  }
  host.viewers.dispose();
  host.mirror.dispose();
}

describe('viewers', () => {
  it(
    `who come and go, resize, type and stall all end with what the host shows ${verifies('attach-viewers')}`,
    async () => {
      for (let seed = 1; seed <= repetitions(12, 1000); seed++) await playSession(seed);
    },
    repetitions(180_000, 3_600_000),
  );
});
