/**
 * Claude has given the terminal up: it ends, or has been suspended, and reads no more; what is typed now is for the shell, or for
 * claude when it is back. It lives on for as long as its hooks take. Keys that we read meanwhile would end with it, or meet a
 * terminal that echoes them, so they are left where they are.
 */
import type { TerminalModes } from '../terminal/terminal-modes.ts';

/** A program that has not ended by then may have started another in its place, one that reads lines (an editor such as `ed`). */
const longestMs = 2000;

export interface InputHoldOptions {
  modes: Pick<TerminalModes, 'anyOn' | 'bracketedPaste'>;
  /** Leaves keys in the outer terminal, and reads them again. */
  pauseInput: () => void;
  resumeInput: () => void;
}

export class InputHold {
  readonly #options: InputHoldOptions;
  #hadPaste = false;
  #holds = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InputHoldOptions) {
    this.#options = options;
  }

  /** Output of claude has been taken into the modes. A program that had bracketed paste on gives the terminal up with the last. */
  output(): void {
    const { modes, pauseInput } = this.#options;
    if (modes.bracketedPaste) this.#hadPaste = true;
    if (modes.anyOn) {
      if (this.#holds) this.#goOn();
    } else if (this.#hadPaste) {
      this.#hadPaste = false;
      this.#holds = true;
      pauseInput();
      this.continued();
    }
  }

  /** We are about to be stopped: that time does not count. */
  stopped(): void {
    clearTimeout(this.#timer);
  }

  continued(): void {
    clearTimeout(this.#timer);
    if (this.#holds) this.#timer = setTimeout(this.#goOn, longestMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  readonly #goOn = (): void => {
    clearTimeout(this.#timer);
    this.#holds = false;
    this.#options.resumeInput();
  };
}
