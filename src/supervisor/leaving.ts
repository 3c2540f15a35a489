/**
 * Claude's last moments: it has given the terminal up, and reads no more; what is typed now is for the shell. Claude lives on for
 * as long as its hooks take. Keys that we read meanwhile would end with it, so they are left in the terminal.
 */
import type { TerminalModes } from '../terminal/terminal-modes.ts';

/** A program that has not ended by then may have started another in its place, one that reads lines (an editor such as `ed`). */
const longestMs = 2000;

export interface LeavingOptions {
  modes: TerminalModes;
  /** Leaves keys in the outer terminal, and reads them again. */
  pauseInput: () => void;
  resumeInput: () => void;
}

export class Leaving {
  readonly #options: LeavingOptions;
  #hadPaste = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeavingOptions) {
    this.#options = options;
  }

  /** Output of claude has been taken into the modes. A program that had bracketed paste on gives the terminal up with the last. */
  output(): void {
    const { modes, pauseInput } = this.#options;
    if (modes.bracketedPaste) this.#hadPaste = true;
    if (modes.anyOn) {
      if (this.#timer) this.#goOn();
    } else if (this.#hadPaste) {
      this.#hadPaste = false;
      pauseInput();
      this.#timer ??= setTimeout(this.#goOn, longestMs);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  readonly #goOn = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.resumeInput();
  };
}
