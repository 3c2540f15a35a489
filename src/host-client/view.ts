/**
 * What a viewer's terminal shows: the host's bytes where both have one size, else as much of a model of the host's screen as
 * fits. Everything is shown in the order in which it came.
 */
import type { FrameSize } from '../protocol/frames.ts';
import type { ScreenMirror } from '../terminal/screen-mirror.ts';

/** A picture of another size is drawn at most this often. */
const drawEveryMs = 33;

export interface ViewOptions {
  /** Writes to the terminal. */
  show: (bytes: Buffer) => void;
  /** The size of the terminal now. */
  size: () => FrameSize;
}

export class View {
  readonly #options: ViewOptions;
  #hostSize: FrameSize = { cols: 0, rows: 0 };
  #mirror: ScreenMirror | undefined;
  /** The modes that the terminal was given for the picture it shows. */
  #modesGiven = '';
  #drawSoon: NodeJS.Timeout | undefined;
  /** What has come while the model is being loaded. */
  #waiting: Array<() => void> | undefined;
  #isClosed = false;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** The host's screen has another size; its snapshot follows. */
  sizeIs(size: FrameSize): void {
    this.#inOrder(() => {
      this.#hostSize = size;
      this.#mirror?.resize(size);
    });
  }

  /** Our terminal has another size. */
  resized(): void {
    this.#inOrder(() => this.#draw());
  }

  snapshot(bytes: Buffer): void {
    this.#inOrder(() => {
      const { cols, rows } = this.#options.size();
      if (cols === this.#hostSize.cols && rows === this.#hostSize.rows) {
        this.#dropModel();
        this.#options.show(bytes);
      } else if (this.#mirror) {
        this.#mirror.write(bytes);
        this.#draw();
      } else {
        this.#waiting = [() => this.snapshot(bytes)];
        void this.#loadModel();
      }
    });
  }

  output(bytes: Buffer): void {
    this.#inOrder(() => {
      if (!this.#mirror) {
        this.#options.show(bytes);
        return;
      }
      this.#mirror.write(bytes);
      this.#drawSoon ??= setTimeout(() => this.#draw(), drawEveryMs);
    });
  }

  /** Shows nothing from now on. */
  close(): void {
    this.#isClosed = true;
    this.#dropModel();
  }

  #inOrder(act: () => void): void {
    if (this.#isClosed) return;
    if (this.#waiting) this.#waiting.push(act);
    else act();
  }

  async #loadModel(): Promise<void> {
    const { ScreenMirror: Mirror } = await import('../terminal/screen-mirror.ts');
    if (this.#isClosed) return;
    this.#mirror = new Mirror({ size: this.#hostSize, onAnswer: () => undefined });
    this.#modesGiven = '';
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const act of waiting) this.#inOrder(act);
  }

  #dropModel(): void {
    clearTimeout(this.#drawSoon);
    this.#drawSoon = undefined;
    this.#mirror?.dispose();
    this.#mirror = undefined;
  }

  #draw(): void {
    clearTimeout(this.#drawSoon);
    this.#drawSoon = undefined;
    const mirror = this.#mirror;
    mirror?.whenSettled(() => {
      if (mirror !== this.#mirror) return;
      const modes = mirror.windowModes();
      const isNews = modes !== this.#modesGiven;
      this.#modesGiven = modes;
      this.#options.show(Buffer.from((isNews ? modes : '') + mirror.window(this.#options.size())));
    });
  }
}
