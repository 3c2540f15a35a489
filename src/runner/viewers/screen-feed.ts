/**
 * What one viewer is sent of claude's screen: a picture of it, from there every byte, and a fresh picture instead of what it has
 * missed. Each piece is made when the one before has been taken: no more is kept for a viewer than it may cost.
 */
import type { Writable } from 'node:stream';
import { type FrameSize, frame, frameKinds, jsonFrame } from '../../protocol/frames.ts';
import type { ScreenDrawing } from '../../terminal/screen-drawing.ts';
import type { ScreenMirror } from '../../terminal/screen-mirror.ts';

/** What a viewer may have been sent and not have taken, or have waiting behind its picture: with more it is behind. */
const maxKeptBytes = 1024 * 1024;
/** Lines above the screen are drawn so many at once; fewer come with the screen, in one frame. */
const pieceBytes = 256 * 1024;

export interface ScreenFeedOptions {
  /** Takes frames. */
  socket: Writable;
  mirror: ScreenMirror;
  /** Does what the viewers are not sent yet hold the beginning of a sequence? */
  holdsOutput: () => boolean;
}

export class ScreenFeed {
  readonly #options: ScreenFeedOptions;
  /**
   * `waiting`: until all output so far is on the model. `drawing`: until its socket has taken the last piece. `behind`: until its
   * socket has drained, then for a fresh picture.
   */
  #state: 'live' | 'waiting' | 'drawing' | 'behind' | 'over' = 'live';
  #drawing: ScreenDrawing | undefined;
  /** The next frame draws all, whatever the viewer shows. */
  #isSnapshot = true;
  /** While it waits: output that its picture will not hold. */
  #since: Buffer[] = [];
  #sinceBytes = 0;
  /** More of that has come than is kept. */
  #hasMissed = false;
  /** How often it has waited: whoever calls back for an earlier time is not heard. */
  #waits = 0;

  /** For a viewer that shows what claude has drawn so far; `begin` is for all others. */
  constructor(options: ScreenFeedOptions) {
    this.#options = options;
  }

  /** The viewer shows the screen, but for what is on its way. */
  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** What is kept for it. */
  get keptBytes(): number {
    return this.#options.socket.writableLength + this.#sinceBytes;
  }

  /** Draws the screen for a viewer that has seen nothing of it, with `scrollback` what is above it, too. */
  begin({ scrollback }: { scrollback: boolean }): void {
    this.#drawing = this.#options.mirror.drawing({ scrollback });
    this.#draw();
  }

  /** Claude's screen has another size, of which every viewer makes something else. */
  resized(size: FrameSize): void {
    if (this.#state === 'over') return;
    this.#options.socket.write(jsonFrame(frameKinds.size, size));
    this.redraw();
  }

  /** Draws the screen anew: what the viewer shows of it is not to be relied on, because a terminal has another size. */
  redraw(): void {
    if (this.#state === 'over' || this.#state === 'behind') return;
    this.#isSnapshot = true;
    this.#drawing?.again();
    // what is on its way is waited for
    if (this.#state !== 'drawing') this.#draw();
  }

  /** Output of claude without its questions, as a frame. */
  output(framed: Buffer): void {
    if (this.#state === 'live') {
      this.#options.socket.write(framed);
      if (this.keptBytes > maxKeptBytes) this.#fallBehind();
    } else if (this.#state === 'waiting' && !this.#hasMissed) {
      this.#since.push(framed);
      this.#sinceBytes += framed.length;
      if (this.keptBytes <= maxKeptBytes) return;
      this.#hasMissed = true;
      this.#forgetSince();
    }
  }

  /** Claude has ended: the last that there was to see, for a viewer that has not been sent it. All output must have settled. */
  finish(): void {
    if (this.#state !== 'live' && this.#state !== 'over') {
      const drawing = this.#drawing ?? this.#options.mirror.drawing({ scrollback: false });
      drawing.skipToScreen();
      this.#write(drawing.next(0).text);
    }
    this.close();
  }

  /** Sends nothing more. */
  close(): void {
    this.#state = 'over';
    this.#drawing?.dispose();
    this.#forgetSince();
  }

  /** The next piece of the picture when all output so far is on the model; the last one with the sequence that this output has begun, and what has come since. */
  #draw(): void {
    if (this.keptBytes > maxKeptBytes) {
      this.#fallBehind();
      return;
    }
    const { mirror, holdsOutput } = this.#options;
    this.#state = 'waiting';
    this.#forgetSince();
    this.#hasMissed = false;
    const wait = ++this.#waits;
    // what is held back is sent with the output that follows
    const isHeld = holdsOutput();
    mirror.whenSettled(() => {
      if (this.#state === 'waiting' && this.#waits === wait) this.#drawn(isHeld);
    });
  }

  #drawn(isHeld: boolean): void {
    const { mirror, socket } = this.#options;
    this.#drawing ??= mirror.drawing({ scrollback: false });
    const { text, isLast } = this.#drawing.next(pieceBytes);
    this.#write(text, isLast && !isHeld ? mirror.begun : undefined);
    const since = this.#since;
    this.#forgetSince();
    if (!isLast) {
      this.#state = 'drawing';
      this.#whenDrained(() => this.#draw());
      return;
    }
    this.#drawing = undefined;
    this.#state = 'live';
    for (const framed of since) socket.write(framed);
    if (this.#hasMissed || this.keptBytes > maxKeptBytes) this.#fallBehind();
  }

  #write(text: string, begun?: Buffer): void {
    const bytes = begun && begun.length > 0 ? Buffer.concat([Buffer.from(text), begun]) : text;
    this.#options.socket.write(frame(this.#isSnapshot ? frameKinds.snapshot : frameKinds.output, bytes));
    this.#isSnapshot = false;
  }

  #fallBehind(): void {
    this.#state = 'behind';
    this.#isSnapshot = true;
    this.#drawing?.dispose();
    this.#drawing = undefined;
    this.#forgetSince();
    this.#whenDrained(() => this.#draw());
  }

  #forgetSince(): void {
    this.#since = [];
    this.#sinceBytes = 0;
  }

  /** Calls back once nothing is on its way to the viewer, where its state is still this one. */
  #whenDrained(goOn: () => void): void {
    const { socket } = this.#options;
    const state = this.#state;
    const look = (): void => {
      if (this.#state === state) goOn();
    };
    if (socket.writableNeedDrain) socket.once('drain', look);
    else setImmediate(look);
  }
}
