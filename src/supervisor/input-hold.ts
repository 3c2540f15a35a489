/**
 * When claude turns bracketed paste and all its other modes off, it is about to exit or to suspend. From then on keys belong to the
 * shell, or to claude when it is back, so we stop reading them: keys that we had read would be lost when claude exits. Claude may take
 * seconds to exit, because its hooks run first.
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
