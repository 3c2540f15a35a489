/** A host without a claude, and terminals of viewers that read when they are told to. */
import { type Duplex, duplexPair } from 'node:stream';
import { expect } from 'vitest';
import { type Frame, FrameReader, type FrameSize, frameKinds } from '../../../../src/protocol/frames.ts';
import type { Viewer } from '../../../../src/runner/viewers/viewer.ts';
import { Viewers } from '../../../../src/runner/viewers/viewers.ts';
import { ScreenMirror, scrollbackLines } from '../../../../src/terminal/screen-mirror.ts';
import { SeenTerminal } from '../../../support/seen-screen.ts';
import { until } from '../../../support/until.ts';

export class HostStandIn {
  readonly mirror: ScreenMirror;
  readonly viewers: Viewers;
  readonly #seen: SeenTerminal;

  constructor(size: FrameSize) {
    this.mirror = new ScreenMirror({ size, onAnswer: () => undefined });
    this.#seen = new SeenTerminal(size, scrollbackLines);
    this.viewers = new Viewers({
      mirror: this.mirror,
      welcome: () => ({ id: 'one', cwd: '/', pid: 1 }),
      resize: (to) => {
        this.mirror.resize(to);
        this.#seen.terminal.write('', () => this.#seen.terminal.resize(to.cols, to.rows));
      },
      input: () => true,
      holdsOutput: () => false,
      changed: () => undefined,
    });
  }

  output(text: string): void {
    const bytes = Buffer.from(text);
    this.mirror.write(bytes);
    this.viewers.output(bytes);
    void this.#seen.write(bytes);
  }

  /** Resolves when the model shows all output so far. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.mirror.whenSettled(resolve));
  }

  /** What a terminal that has seen everything shows. */
  async seen(): Promise<unknown> {
    await this.settled();
    await this.#seen.write('');
    return this.#seen.seen();
  }

  close(): void {
    this.viewers.dispose();
    this.mirror.dispose();
    this.#seen.dispose();
  }
}

export interface SlowTerminalOptions {
  readOnly?: boolean;
  scrollback?: boolean;
}

/** It keeps more lines than a host, so that none that comes twice is missed. */
export class SlowTerminal {
  /** Kinds of the frames that it has been sent. */
  readonly kinds: number[] = [];
  /** The most that has been seen to be kept for it. */
  mostKept = 0;
  readonly viewer: Viewer;
  readonly #host: HostStandIn;
  readonly #seen: SeenTerminal;
  readonly #hostSide: Duplex;
  readonly #ownSide: Duplex;
  /** How many frames have drawn something. */
  #drawn = 0;
  #readsOne = false;
  readonly #reader = new FrameReader(64 * 1024 * 1024);

  /** `onFrame` sees what it reads. */
  constructor(
    host: HostStandIn,
    size: FrameSize,
    more: SlowTerminalOptions = {},
    onFrame: (frame: Frame) => void = () => undefined,
  ) {
    this.#host = host;
    this.#seen = new SeenTerminal(host.mirror.size, 3 * scrollbackLines);
    [this.#hostSide, this.#ownSide] = duplexPair();
    this.#ownSide.on('data', (chunk: Buffer) => {
      for (const one of this.#reader.take(chunk)) {
        this.#take(one);
        onFrame(one);
      }
    });
    this.#ownSide.pause();
    this.#hostSide.resume();
    this.viewer = host.viewers.add(this.#hostSide, { protocol: 1, kind: 'terminal', readOnly: false, size, ...more })!;
  }

  /** Looks how much is kept for it now. */
  look(): void {
    this.mostKept = Math.max(this.mostKept, this.viewer.feed.keptBytes);
  }

  /** Reads one frame that draws; resolves when something more has been made for it, where something is to be. */
  async readSome(): Promise<void> {
    this.look();
    const before = this.#drawn;
    this.#readsOne = true;
    this.#ownSide.resume();
    await until(() => this.#drawn > before);
    for (let turn = 0; turn < 3; turn++) await this.#host.settled();
    this.look();
  }

  readOn(): void {
    this.#readsOne = false;
    this.#ownSide.resume();
  }

  /** Resolves when it shows what the host shows. */
  async equalsHost(): Promise<void> {
    let [shown, wanted]: unknown[] = [];
    const isEqual = async (): Promise<boolean> => {
      wanted = await this.#host.seen();
      await this.#seen.write('');
      shown = this.#seen.seen();
      return this.viewer.feed.isLive && JSON.stringify(shown) === JSON.stringify(wanted);
    };
    await until(isEqual, { timeoutMs: 30_000 }).catch(() => expect(shown).toEqual(wanted));
  }

  /** Resolves when it has been told that it is let go, and shows all that came before. */
  async isSaidGoodbye(): Promise<void> {
    await until(() => this.kinds.includes(frameKinds.bye));
    await this.#seen.write('');
  }

  /** All lines that it shows, with all that are above them; one that is wrapped is one. */
  lines(): string[] {
    const { normal } = this.#seen.terminal.buffer;
    const lines: string[] = [];
    for (let y = 0; y < normal.length; y++) {
      const row = normal.getLine(y)!;
      if (row.isWrapped && lines.length > 0) lines.push(lines.pop()! + row.translateToString(true));
      else lines.push(row.translateToString(true));
    }
    return lines;
  }

  /** The colour of each letter of that row, counted from the first that it keeps; of a blank the one before it. */
  coloursIn(y: number): number[] {
    const line = this.#seen.terminal.buffer.normal.getLine(y)!;
    const colours: number[] = [];
    for (let x = 0; x < line.length; x++) {
      const cell = line.getCell(x)!;
      colours.push(cell.getChars().trim() === '' && x > 0 ? colours[x - 1]! : cell.getFgColor());
    }
    return colours;
  }

  /** The person has made the terminal larger or smaller. */
  resize(size: FrameSize): void {
    // what it has not read yet it will show in its new size, as a real one
    this.#seen.terminal.write('', () => this.#seen.terminal.resize(size.cols, size.rows));
    this.#host.viewers.resized(this.viewer, size);
  }

  close(): void {
    this.#ownSide.destroy();
    this.#hostSide.destroy();
    this.#seen.dispose();
  }

  #take({ kind, payload }: Frame): void {
    this.kinds.push(kind);
    if (kind === frameKinds.size) {
      const { cols, rows } = JSON.parse(payload.toString()) as FrameSize;
      this.#seen.terminal.write('', () => this.#seen.terminal.resize(cols, rows));
    }
    if (kind !== frameKinds.snapshot && kind !== frameKinds.output) return;
    void this.#seen.write(payload);
    this.#drawn++;
    if (this.#readsOne) this.#ownSide.pause();
  }
}
