/**
 * Follows which modes a program has turned on in the terminal, so that what it leaves on when it dies can be undone, and
 * nothing else: a program that cleans up after itself is followed by no byte of ours.
 */

const escapeByte = 0x1b;
/** A sequence longer than this is none that we follow. */
const maxSequence = 64;

/** On in every terminal until a program turns them off: auto wrap, the cursor. */
const onByDefault = new Set([7, 25]);
/** Alternate screens, in the ways there are to ask for one. */
const alternateScreens = [1049, 1047, 47];
/** Ways to report the mouse: a terminal has one at a time, and none after any of them has been turned off. */
const mouseModes = [9, 1000, 1002, 1003];
/** 132 columns: turning it off clears the screen. 1048: saves the cursor. */
const notUndone = new Set([3, 1048]);

/** Scroll region and line drawing, colours, keypad. Resetting the region moves the cursor: it is saved and restored around it. */
const resetWithoutModes = '\x1b7\x1b[r\x1b8\x1b(B\x1b[0m\x1b>';

export class TerminalModes {
  /** Private modes that are not as a terminal has them at first: number → is it on. */
  readonly #changed = new Map<number, boolean>();
  /** Kitty keyboard flags pushed and not popped, the oldest first; and those set without a push. */
  #kittyPushed: number[] = [];
  #kittySet = 0;
  #modifyOtherKeys = 0;
  /** The way to report the mouse that is on; 0 is none. */
  #mouse = 0;
  #sawEscape = false;
  /** The beginning of a sequence that the last chunk ended in. */
  #begun: Buffer | undefined;

  output(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#begun) {
      bytes = Buffer.concat([this.#begun, chunk]);
      this.#begun = undefined;
    }
    for (let at = bytes.indexOf(escapeByte); at !== -1; at = bytes.indexOf(escapeByte, at + 1)) {
      this.#sawEscape = true;
      const kind = bytes[at + 2];
      // ESC [ ? … h or l, ESC [ > … , ESC [ < … , ESC [ = … ; everything else passes by quickly
      if (bytes[at + 1] === 0x5b && (kind === 0x3f || kind === 0x3e || kind === 0x3c || kind === 0x3d)) {
        let end = at + 3;
        while (end < bytes.length && isParameter(bytes[end]!)) end++;
        if (end < bytes.length) this.#apply(bytes.toString('latin1', at + 2, end + 1));
        else if (end - at < maxSequence) this.#begun = Buffer.from(bytes.subarray(at));
      } else if (at + 1 === bytes.length || (at + 2 === bytes.length && bytes[at + 1] === 0x5b)) {
        this.#begun = Buffer.from(bytes.subarray(at));
      }
    }
  }

  /** Is a paste marked as one? */
  get bracketedPaste(): boolean {
    return this.#changed.get(2004) === true;
  }

  /** Has the program anything left that it would have to undo? */
  get anyOn(): boolean {
    return this.#changed.size > 0 || this.#kittyPushed.length > 0 || this.#kittySet > 0 || this.#modifyOtherKeys > 0;
  }

  /**
   * What turns off what is left on; empty when nothing is. After a death by a signal also what leaves no trace in the
   * modes: colours, scroll region, line drawing, keypad.
   */
  undo(diedOfSignal: boolean): string {
    if (!this.anyOn && !(diedOfSignal && this.#sawEscape)) return '';
    const keyboard =
      (this.#kittyPushed.length > 0 ? `\x1b[<${this.#kittyPushed.length}u` : '') +
      (this.#kittySet > 0 ? '\x1b[=0u' : '') +
      (this.#modifyOtherKeys > 0 ? '\x1b[>4;0m' : '');
    const shown = alternateScreens.filter((mode) => this.#changed.get(mode));
    // each screen has keyboard flags of its own
    const leave = shown.map((mode) => `\x1b[?${mode}l`).join('') + (shown.length > 0 ? keyboard : '');
    const modes = [...this.#changed]
      .filter(([mode]) => !alternateScreens.includes(mode))
      .map(([mode, on]) => `\x1b[?${mode}${on ? 'l' : 'h'}`);
    return keyboard + leave + resetWithoutModes + modes.join('');
  }

  /**
   * What turns on in a terminal that is as it was at first what the program has turned on in its own; empty when nothing is.
   * Alternate screens are left out: whoever draws the screen there enters it.
   */
  redo(): string {
    const modes = [...this.#changed]
      .filter(([mode]) => !alternateScreens.includes(mode) && (!mouseModes.includes(mode) || mode === this.#mouse))
      .map(([mode, on]) => `\x1b[?${mode}${on ? 'h' : 'l'}`);
    return (
      modes.join('') +
      this.#kittyPushed.map((flags) => `\x1b[>${flags}u`).join('') +
      (this.#kittySet > 0 ? `\x1b[=${this.#kittySet}u` : '') +
      (this.#modifyOtherKeys > 0 ? `\x1b[>4;${this.#modifyOtherKeys}m` : '')
    );
  }

  /** `sequence`: what follows ESC [. */
  #apply(sequence: string): void {
    const kind = sequence[0];
    const final = sequence.at(-1);
    const numbers = sequence.slice(1, -1).split(';').map(Number);
    if (kind === '?' && (final === 'h' || final === 'l')) {
      for (const mode of numbers) this.#setMode(mode, final === 'h');
    } else if (final === 'u') {
      if (kind === '>') this.#kittyPushed.push(numbers[0] || 0);
      else if (kind === '<') this.#kittyPushed.splice(-(numbers[0] || 1));
      else if (kind === '=') this.#kittySet = numbers[1] === 3 ? 0 : numbers[0] || 0;
    } else if (kind === '>' && numbers[0] === 4 && (final === 'm' || final === 'n')) {
      this.#modifyOtherKeys = final === 'm' ? (numbers[1] ?? 0) : 0;
    }
  }

  #setMode(mode: number, on: boolean): void {
    if (!Number.isInteger(mode) || notUndone.has(mode)) return;
    if (mouseModes.includes(mode)) this.#mouse = on ? mode : 0;
    if (on === onByDefault.has(mode)) this.#changed.delete(mode);
    else this.#changed.set(mode, on);
  }
}

function isParameter(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x3b || byte === 0x3a;
}
