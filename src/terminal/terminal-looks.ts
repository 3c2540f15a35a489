/** What a program asks of a terminal beside modes and colours, and what stays after a crash: the cursor's shape, progress (OSC 9;4). */

export class TerminalLooks {
  /** Each with what takes it back. */
  readonly #asked: Map<string, string>;

  constructor(asked: ReadonlyArray<[string, string]> = []) {
    this.#asked = new Map(asked);
  }

  /** `text`: what follows ESC, cut off somewhere. */
  take(text: string): void {
    const shape = /^\[(\d*) q/.exec(text)?.[1];
    const progress = /^\]9;4;(\d)/.exec(text)?.[1];
    if (shape !== undefined) this.#remember('shape', Number(shape) > 0 ? '\x1b[0 q' : undefined);
    if (progress !== undefined) this.#remember('progress', progress === '0' ? undefined : '\x1b]9;4;0\x07');
  }

  undo(): string {
    return [...this.#asked.values()].join('');
  }

  state(): [string, string][] {
    return [...this.#asked];
  }

  #remember(look: string, undo: string | undefined): void {
    if (undo === undefined) this.#asked.delete(look);
    else this.#asked.set(look, undo);
  }
}
