/**
 * A session in a person's terminal that somebody else looks at: a second pair of eyes, or the person from elsewhere. The
 * terminal becomes one viewer of the shared screen, with the others beside it. When none has been there for a while, everything
 * is as before.
 */
import { Writable } from 'node:stream';
import { View } from '../host-client/view.ts';
import { endedBye, FrameReader, type FrameSize, type HostBye } from '../protocol/frames.ts';
import type { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { SharedScreen } from '../runner/viewers/shared-screen.ts';
import type { Viewer } from '../runner/viewers/viewer.ts';
import type { LocalTty } from '../terminal/local-tty.ts';
import type { PtyExit } from '../terminal/pty/spawn-pty.ts';

/** Who looks again and again (`claudex peek --follow`) comes back within this time. */
const lingerMs = 10_000;
/** What is on its way to the terminal then is waited for this long at a time. */
const againMs = 500;
/** Frames of our own making: a snapshot with all its scrollback is the largest. */
const maxFrameBytes = 64 * 1024 * 1024;

export interface ScreenSharingOptions {
  claude: ClaudeOnPty;
  tty: LocalTty;
  id: string;
  cwd: string;
  socketPath: string;
  /** Nobody looks any more: output goes straight to the terminal again. */
  ended: () => void;
}

export class ScreenSharing {
  readonly #options: ScreenSharingOptions;
  readonly #screen: SharedScreen;
  readonly #view: View;
  readonly #sink: ViewSink;
  readonly #own: Viewer;
  #connections = 0;
  #leaveSoon: NodeJS.Timeout | undefined;

  /** Resolves in the turn of the event loop in which its model shows all output so far: what comes next is for `output`. */
  static async begin(options: ScreenSharingOptions): Promise<ScreenSharing> {
    const { claude, tty, id, cwd, socketPath } = options;
    // a program that has drawn more than is kept may have drawn some of its screen before that
    const isPartial = !claude.ring.isWhole;
    const screen = new SharedScreen({ claude, welcome: { id, cwd }, socketPath, modes: () => tty.modes, outlet: tty });
    await screen.follow();
    claude.pty.resume();
    const sharing = new ScreenSharing(options, screen);
    if (isPartial) claude.redraw(tty.size());
    return sharing;
  }

  private constructor(options: ScreenSharingOptions, screen: SharedScreen) {
    this.#options = options;
    this.#screen = screen;
    const { tty } = options;
    const sizeOfTty = (): FrameSize => sizeOf(tty);
    this.#view = new View(
      { sizeOfTty, write: (bytes) => tty.write(bytes), hold: (isHeld) => this.#sink.hold(isHeld) },
      screen.mirror.size,
    );
    this.#sink = new ViewSink(this.#view);
    this.#own = screen.viewers.addOwn(this.#sink, sizeOfTty());
    screen.changed.add(() => options.claude.viewedBy(screen.viewers.count));
  }

  /** @throws ClaudexError when somebody listens there */
  async open(): Promise<void> {
    const server = await this.#screen.open();
    server.on('connection', (socket) => {
      this.#connections++;
      clearTimeout(this.#leaveSoon);
      socket.once('close', () => {
        this.#connections--;
        this.stay();
      });
    });
    this.stay();
  }

  /** Somebody is about to come, or has just gone. */
  stay(): void {
    clearTimeout(this.#leaveSoon);
    if (this.#connections === 0) this.#leaveSoon = setTimeout(this.#leave, lingerMs).unref();
  }

  output(bytes: Buffer): void {
    this.#screen.output(bytes);
  }

  writable(): void {
    this.#view.writable();
  }

  typed(bytes: Buffer): void {
    this.#screen.viewers.typed(this.#own, bytes);
  }

  resized(): void {
    this.#screen.viewers.resized(this.#own, sizeOf(this.#options.tty));
    this.#view.resized();
  }

  /** Resolves when the terminal has been given all output so far. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve) => this.#screen.whenSettled(resolve));
    await this.#sink.flushed();
  }

  /** Claude has ended. */
  ended(exit: PtyExit): void {
    this.close(endedBye(exit));
  }

  /** Lets all viewers go. */
  close(bye: HostBye): void {
    clearTimeout(this.#leaveSoon);
    this.#screen.close(bye);
    this.#view.close();
  }

  /** The screen and what is above it, as it is now: for a host that goes on with it. */
  async drawn(): Promise<Buffer> {
    const { mirror } = this.#screen;
    await new Promise<void>((resolve) => this.#screen.whenSettled(resolve));
    return Buffer.concat([Buffer.from(mirror.snapshot({ scrollback: true })), mirror.begun]);
  }

  /** Only where the terminal shows all that claude has drawn, in the terminal's own size. */
  readonly #leave = (): void => {
    if (this.#connections > 0) return;
    const { cols, rows } = sizeOf(this.#options.tty);
    const { size } = this.#screen.mirror;
    const isOwnSize = cols === size.cols && rows === size.rows;
    const isShown = this.#own.feed.isLive && this.#sink.writableLength === 0 && this.#view.isDirect;
    if (!isOwnSize || !isShown || !this.#screen.isSettled) {
      this.#leaveSoon = setTimeout(this.#leave, againMs).unref();
      return;
    }
    this.close({ reason: 'detached', exit: null });
    this.#options.ended();
  };
}

/** Takes frames as a socket does, and gives them to a view in this process. */
class ViewSink extends Writable {
  readonly #view: View;
  readonly #frames = new FrameReader(maxFrameBytes);
  #isHeld = false;
  #goOn: (() => void) | undefined;

  constructor(view: View) {
    super();
    this.#view = view;
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  /** Resolves when everything written so far has been taken. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.write('', () => resolve());
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (const frame of this.#frames.take(chunk)) this.#view.take(frame);
    if (this.#isHeld) this.#goOn = done;
    else done();
  }
}

function sizeOf(tty: LocalTty): FrameSize {
  const { cols, rows } = tty.size();
  return { cols, rows };
}
