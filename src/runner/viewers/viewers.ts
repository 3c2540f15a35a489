/**
 * Everybody who looks at one claude: each gets a snapshot and from there every byte; who does not keep up gets a fresh snapshot
 * instead of what it has missed. Who wrote last decides the size. Nobody here holds claude up.
 */
import type { Writable } from 'node:stream';
import { steadyNow } from '../../process/clock.ts';
import {
  type FrameSize,
  frame,
  frameKinds,
  framesProtocol,
  type HostBye,
  type HostWelcome,
  jsonFrame,
  type ViewerHello,
} from '../../protocol/frames.ts';
import type { ScreenMirror } from '../../terminal/screen-mirror.ts';
import { PersonKeys } from '../person-keys.ts';
import { decidedSize, type SizedViewer } from './whose-size.ts';

/** What a viewer may have been sent and not have taken: with more it is behind. */
const maxBehindBytes = 1024 * 1024;

/** A snapshot with all its scrollback may be larger than that, once. */
const maxSnapshotBytes = 16 * 1024 * 1024;

/** A viewer is asked for a sign of life this often; one that has not given any by the next time is gone. */
const pingEveryMs = 15_000;

interface Viewer extends SizedViewer {
  /** Takes frames. */
  socket: Writable;
  /** Our own terminal: always there, and no guest. */
  isOwn: boolean;
  /** Of what it sends, what a person has typed. */
  typed: PersonKeys;
  /** `waiting`: for its snapshot. `behind`: until its socket has drained, then for a fresh one. */
  state: 'waiting' | 'live' | 'behind';
  /** While it waits: output that its snapshot will not hold. */
  since: Buffer[];
  answered: boolean;
}

export interface ViewersOptions {
  mirror: ScreenMirror;
  welcome: () => Omit<HostWelcome, 'protocol' | 'size'>;
  /** The size that claude's terminal gets. */
  resize: (size: FrameSize) => void;
  /** Keys of a viewer that may write. */
  input: (bytes: Buffer) => void;
  /** Somebody has come or gone. */
  changed: () => void;
}

export class Viewers {
  readonly #options: ViewersOptions;
  readonly #all = new Set<Viewer>();
  #order = 0;
  #pings: NodeJS.Timeout | undefined;

  constructor(options: ViewersOptions) {
    this.#options = options;
  }

  /** How many there are, our own terminal not among them. */
  get count(): number {
    return this.#guests.length;
  }

  /** Our own terminal, which shows what claude has drawn so far. It is asked for no sign of life, and never let go. */
  addOwn(socket: Writable, size: FrameSize): Viewer {
    const viewer = this.#viewer(socket, { readOnly: false, size }, 'live');
    viewer.isOwn = true;
    this.#all.add(viewer);
    return viewer;
  }

  /** A viewer has said who it is. Its keys come to `keys`, changes of its size to `resized`, both with what this returns. */
  add(socket: Writable, hello: ViewerHello): Viewer {
    const { mirror, welcome, changed } = this.#options;
    const viewer = this.#viewer(socket, hello, 'waiting');
    this.#all.add(viewer);
    socket.once('close', () => this.#remove(viewer));
    this.#applySize();
    socket.write(jsonFrame(frameKinds.welcome, { ...welcome(), protocol: framesProtocol, size: mirror.size }));
    this.#snapshot(viewer, true);
    this.#pings ??= setInterval(() => this.#ping(), pingEveryMs).unref();
    changed();
    return viewer;
  }

  keys(viewer: Viewer, bytes: Buffer): void {
    if (viewer.readOnly) return;
    this.typed(viewer, bytes);
    this.#options.input(bytes);
  }

  /** That viewer has sent these: with a key among them, its size counts. What a terminal says by itself is no key. */
  typed(viewer: Viewer, bytes: Buffer): void {
    const { typed } = viewer;
    const before = typed.lastKeyAt;
    typed.take(bytes, steadyNow());
    if (typed.lastKeyAt === before) return;
    viewer.lastActive = ++this.#order;
    this.#applySize();
  }

  resized(viewer: Viewer, size: FrameSize): void {
    viewer.size = size;
    if (!viewer.readOnly) viewer.lastActive = ++this.#order;
    this.#applySize();
    // its terminal has made something else of what it showed
    if (viewer.state === 'live') this.#snapshot(viewer, false);
  }

  alive(viewer: Viewer): void {
    viewer.answered = true;
  }

  /** Output of claude without its questions. Copied: it may be overwritten after the call. */
  output(bytes: Buffer): void {
    if (bytes.length === 0 || this.#all.size === 0) return;
    const framed = frame(frameKinds.output, bytes);
    for (const viewer of this.#all) {
      if (viewer.state === 'waiting') viewer.since.push(framed);
      if (viewer.state !== 'live') continue;
      viewer.socket.write(framed);
      if (viewer.socket.writableLength > maxBehindBytes) this.#fallBehind(viewer);
    }
  }

  /** Lets all of them go. */
  dismiss(bye: HostBye): void {
    for (const viewer of this.#guests) viewer.socket.end(jsonFrame(frameKinds.bye, bye));
  }

  dispose(): void {
    clearInterval(this.#pings);
  }

  get #guests(): Viewer[] {
    return [...this.#all].filter((one) => !one.isOwn);
  }

  #viewer(
    socket: Writable,
    { readOnly, size }: Pick<ViewerHello, 'readOnly' | 'size'>,
    state: Viewer['state'],
  ): Viewer {
    const lastActive = ++this.#order;
    return {
      socket,
      isOwn: false,
      typed: new PersonKeys(),
      readOnly,
      size,
      lastActive,
      state,
      since: [],
      answered: true,
    };
  }

  #applySize(): void {
    const { mirror, resize } = this.#options;
    const size = decidedSize(this.#all);
    if (!size || (size.cols === mirror.size.cols && size.rows === mirror.size.rows)) return;
    resize(size);
    // a screen of another size is drawn anew for everybody: what each has made of the old one differs
    for (const viewer of this.#all) {
      viewer.socket.write(jsonFrame(frameKinds.size, size));
      if (viewer.state === 'live') this.#snapshot(viewer, false);
    }
  }

  /** The screen as it is when all output so far is on it, then what has come since; not in the middle of a sequence. */
  #snapshot(viewer: Viewer, scrollback: boolean): void {
    const { mirror } = this.#options;
    viewer.state = 'waiting';
    viewer.since = [];
    const asked = viewer.since;
    mirror.whenSettled(() => {
      if (viewer.state !== 'waiting' || viewer.since !== asked || !this.#all.has(viewer)) return;
      // the rest of the sequence is on its way: it is in a screen that is a little younger
      if (mirror.isInSequence && asked.length > 0) return this.#snapshot(viewer, scrollback);
      viewer.socket.write(frame(frameKinds.snapshot, mirror.snapshot({ scrollback })));
      for (const framed of asked) viewer.socket.write(framed);
      viewer.since = [];
      viewer.state = 'live';
      if (viewer.socket.writableLength > maxSnapshotBytes) this.#fallBehind(viewer);
    });
  }

  #fallBehind(viewer: Viewer): void {
    viewer.state = 'behind';
    viewer.socket.once('drain', () => {
      if (viewer.state === 'behind') this.#snapshot(viewer, false);
    });
  }

  #ping(): void {
    for (const viewer of this.#guests) {
      if (!viewer.answered) viewer.socket.destroy();
      viewer.answered = false;
      viewer.socket.write(frame(frameKinds.ping));
    }
  }

  #remove(viewer: Viewer): void {
    this.#all.delete(viewer);
    if (this.count === 0) {
      clearInterval(this.#pings);
      this.#pings = undefined;
    }
    this.#applySize();
    this.#options.changed();
  }
}

export type { Viewer };
