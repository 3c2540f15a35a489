/** What a terminal shows of a host: its bytes where both have one size, else as much of a model of its screen as fits. */
import { type Frame, type FrameSize, frameKinds } from '../protocol/frames.ts';
import type { ScreenMirror } from '../terminal/screen-mirror.ts';

/** A picture of another size is drawn at most this often. */
const drawEveryMs = 33;

export interface ViewOptions {
  sizeOfTty: () => FrameSize;
  /** False when the terminal does not keep up: `writable` is to be called when it does. */
  write: (bytes: Buffer) => boolean;
  /** No more frames should come for now, or they may again. */
  hold: (isHeld: boolean) => void;
}

export class View {
  readonly #options: ViewOptions;
  #hostSize: FrameSize;
  #mirror: ScreenMirror | undefined;
  #drawSoon: NodeJS.Timeout | undefined;
  /** What the terminal has not had room for; while there is any, or while the last of it is on its way, nothing goes past it. */
  #waiting: Buffer[] = [];
  /** The last of them is a picture of the whole. */
  #pictureWaits = false;
  #isHeld = false;
  /** Waits for all of it to be shown. */
  #shown: (() => void) | undefined;
  /** The modes that the terminal was given for the pictures it shows. */
  #modesGiven = '';
  /** What has come since the snapshot that the model is being loaded for. */
  #sinceSnapshot: Buffer[] | undefined;

  /** `hostSize`: where the terminal shows the host's screen already. */
  constructor(options: ViewOptions, hostSize: FrameSize = { cols: 0, rows: 0 }) {
    this.#options = options;
    this.#hostSize = hostSize;
  }

  /** Does it show the host's own bytes, all that there are? */
  get isDirect(): boolean {
    return this.#mirror === undefined && this.#sinceSnapshot === undefined && !this.#isHeld;
  }

  /** The frames that draw something; the others are its caller's. */
  take({ kind, payload }: Frame): void {
    if (kind === frameKinds.size) this.sizeIs(JSON.parse(payload.toString()) as FrameSize);
    else if (kind === frameKinds.snapshot) this.#snapshot(payload);
    else if (kind === frameKinds.output) this.#output(payload);
  }

  sizeIs(size: FrameSize): void {
    this.#hostSize = size;
    this.#mirror?.resize(size);
  }

  /** The terminal has another size. */
  resized(): void {
    if (this.#mirror) this.#draw();
  }

  /** The terminal keeps up again. */
  writable(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#pictureWaits = false;
    for (const bytes of waiting) this.#show(bytes);
    if (this.#isHeld) return;
    this.#options.hold(false);
    const shown = this.#shown;
    this.#shown = undefined;
    shown?.();
  }

  /** Calls back when the terminal has been given all that has come so far. */
  whenShown(shown: () => void): void {
    if (this.#drawSoon) this.#draw();
    const look = (): void => {
      if (this.#waiting.length === 0 && !this.#isHeld) shown();
      else this.#shown = look;
    };
    if (this.#mirror) this.#mirror.whenSettled(look);
    else look();
  }

  close(): void {
    clearTimeout(this.#drawSoon);
    this.#mirror?.dispose();
    this.#mirror = undefined;
    this.#sinceSnapshot = undefined;
  }

  #snapshot(bytes: Buffer): void {
    const { cols, rows } = this.#options.sizeOfTty();
    if (cols === this.#hostSize.cols && rows === this.#hostSize.rows) {
      this.close();
      this.#show(bytes);
      return;
    }
    if (this.#mirror) {
      this.#mirror.write(bytes);
      this.#draw();
    } else void this.#model([bytes]);
  }

  #output(bytes: Buffer): void {
    if (this.#sinceSnapshot) this.#sinceSnapshot.push(bytes);
    else if (!this.#mirror) this.#show(bytes);
    else {
      this.#mirror.write(bytes);
      this.#drawSoon ??= setTimeout(() => this.#draw(), drawEveryMs);
    }
  }

  async #model(since: Buffer[]): Promise<void> {
    this.#sinceSnapshot = since;
    const { ScreenMirror: Mirror } = await import('../terminal/screen-mirror.ts');
    // closed, or of one size again
    if (this.#sinceSnapshot !== since) return;
    this.#modesGiven = '';
    this.#mirror = new Mirror({ size: this.#hostSize, onAnswer: () => undefined });
    this.#sinceSnapshot = undefined;
    for (const bytes of since) this.#mirror.write(bytes);
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#drawSoon);
    this.#drawSoon = undefined;
    const mirror = this.#mirror;
    mirror?.whenSettled(() => {
      if (mirror !== this.#mirror) return;
      // it takes the place of one that waits
      if (this.#pictureWaits) this.#waiting.pop();
      const modes = mirror.windowModes();
      const isNews = modes !== this.#modesGiven;
      this.#modesGiven = modes;
      this.#show(Buffer.from((isNews ? modes : '') + mirror.window(this.#options.sizeOfTty())));
      this.#pictureWaits = this.#waiting.length > 0 && !isNews;
    });
  }

  #show(bytes: Buffer): void {
    if (this.#isHeld) {
      this.#waiting.push(bytes);
      this.#pictureWaits = false;
      return;
    }
    if (this.#options.write(bytes)) return;
    this.#isHeld = true;
    this.#options.hold(true);
  }
}
