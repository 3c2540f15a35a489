/**
 * Everybody who looks at one claude: who they are, what they type, who lives, who wrote last and so decides the size. What each is
 * sent of the screen is screen-feed.ts's. Nobody here holds claude up.
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
import { ScreenFeed } from './screen-feed.ts';
import type { Viewer } from './viewer.ts';
import { decidedSize } from './whose-size.ts';

/** A viewer is asked for a sign of life this often. After two missed ones it is gone: one may be missed when all of us have slept. */
const pingEveryMs = 15_000;
const maxMissedPings = 2;

/** A viewer that is let go has this long to read all that it was sent. */
const byeTakesMs = 2000;

export interface ViewersOptions {
  mirror: ScreenMirror;
  welcome: () => Omit<HostWelcome, 'protocol' | 'size'>;
  /** The size that claude's terminal gets. */
  resize: (size: FrameSize) => void;
  /** Keys of a viewer that may write. False when claude does not keep up: `inputWelcome` says when it does again. */
  input: (bytes: Buffer) => boolean;
  /** Does what the viewers are not sent yet hold the beginning of a sequence? */
  holdsOutput: () => boolean;
  /** Somebody has come or gone. */
  changed: () => void;
}

export class Viewers {
  readonly #options: ViewersOptions;
  readonly #all = new Set<Viewer>();
  #order = 0;
  #pings: NodeJS.Timeout | undefined;
  #isInputHeld = false;

  constructor(options: ViewersOptions) {
    this.#options = options;
  }

  /** How many there are, our own terminal not among them. */
  get count(): number {
    return this.#guests.length;
  }

  /** Our own terminal, which shows what claude has drawn so far. It is asked for no sign of life, and never let go. */
  addOwn(socket: Writable, size: FrameSize): Viewer {
    const viewer = this.#viewer(socket, { readOnly: false, size });
    viewer.isOwn = true;
    this.#all.add(viewer);
    return viewer;
  }

  /**
   * A viewer has said who it is. Its keys come to `keys`, changes of its size to `resized`, both with what this returns; nothing
   * when it is turned away, because it runs inside the session.
   */
  add(socket: Writable, hello: ViewerHello, hold: Viewer['hold'] = () => undefined): Viewer | undefined {
    const { mirror, welcome, changed } = this.#options;
    if (hello.ancestry?.includes(welcome().pid)) {
      socket.end(jsonFrame(frameKinds.bye, { reason: 'inside', exit: null } satisfies HostBye));
      return undefined;
    }
    const viewer = this.#viewer(socket, hello);
    viewer.hold = hold;
    socket.once('close', () => this.#remove(viewer));
    this.#all.add(viewer);
    this.#applySize(viewer);
    socket.write(jsonFrame(frameKinds.welcome, { ...welcome(), protocol: framesProtocol, size: mirror.size }));
    viewer.feed.begin({ scrollback: hello.scrollback ?? true });
    this.#pings ??= setInterval(() => this.#ping(), pingEveryMs).unref();
    changed();
    return viewer;
  }

  keys(viewer: Viewer, bytes: Buffer): void {
    if (viewer.readOnly) return;
    this.typed(viewer, bytes);
    if (this.#options.input(bytes) || this.#isInputHeld) return;
    this.#isInputHeld = true;
    for (const one of this.#all) one.hold(true);
  }

  /** Claude has read what it had not kept up with. */
  inputWelcome(): void {
    if (!this.#isInputHeld) return;
    this.#isInputHeld = false;
    for (const one of this.#all) {
      one.missedPings = 0;
      one.hold(false);
    }
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
    viewer.feed.redraw();
  }

  alive(viewer: Viewer): void {
    viewer.missedPings = 0;
  }

  /** Output of claude without its questions. Copied: it may be overwritten after the call. */
  output(bytes: Buffer): void {
    if (bytes.length === 0 || this.#all.size === 0) return;
    const framed = frame(frameKinds.output, bytes);
    for (const { feed } of this.#all) feed.output(framed);
  }

  /** Lets all of them go; who does not read does not hear it, and keeps nobody waiting. */
  dismiss(bye: HostBye): void {
    for (const { socket, feed } of this.#guests) {
      if (bye.reason === 'ended') feed.finish();
      else feed.close();
      socket.end(jsonFrame(frameKinds.bye, bye));
      setTimeout(() => socket.destroy(), byeTakesMs).unref();
    }
  }

  dispose(): void {
    clearInterval(this.#pings);
  }

  get #guests(): Viewer[] {
    return [...this.#all].filter((one) => !one.isOwn);
  }

  #viewer(socket: Writable, { readOnly, size }: Pick<ViewerHello, 'readOnly' | 'size'>): Viewer {
    const { mirror, holdsOutput } = this.#options;
    return {
      socket,
      feed: new ScreenFeed({ socket, mirror, holdsOutput }),
      isOwn: false,
      typed: new PersonKeys(),
      readOnly,
      size,
      lastActive: ++this.#order,
      missedPings: 0,
      hold: () => undefined,
    };
  }

  /** @param comes has not been told any size yet */
  #applySize(comes?: Viewer): void {
    const { mirror, resize } = this.#options;
    const size = decidedSize(this.#all);
    if (!size || (size.cols === mirror.size.cols && size.rows === mirror.size.rows)) return;
    resize(size);
    // a screen of another size is drawn anew for everybody: what each has made of the old one differs
    for (const viewer of this.#all) if (viewer !== comes) viewer.feed.resized(size);
  }

  #ping(): void {
    // whom we do not read cannot answer
    if (this.#isInputHeld) return;
    for (const viewer of this.#guests) {
      if (viewer.missedPings >= maxMissedPings) {
        viewer.socket.destroy();
        continue;
      }
      viewer.missedPings++;
      viewer.socket.write(frame(frameKinds.ping));
    }
  }

  #remove(viewer: Viewer): void {
    this.#all.delete(viewer);
    viewer.feed.close();
    if (this.count === 0) {
      clearInterval(this.#pings);
      this.#pings = undefined;
    }
    this.#applySize();
    this.#options.changed();
  }
}
