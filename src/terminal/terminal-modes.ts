/**
 * Follows which modes a program has turned on in the terminal, so that what it leaves on when it dies can be undone, and
 * nothing else: a program that cleans up after itself is followed by no byte of ours.
 */
import { KittyFlags } from './kitty-flags.ts';
import { maxColourBytes, TerminalColours } from './terminal-colours.ts';
import { TerminalLooks } from './terminal-looks.ts';

const escapeByte = 0x1b;
/** A sequence longer than this is none that we follow. */
const maxSequence = 64;

/** On in every terminal until a program turns them off: auto wrap, the cursor. */
const onByDefault = new Set([7, 25]);
/** Alternate screens, in the ways there are to ask for one. */
const alternateScreens = [1049, 1047, 47];
/** Ways to report the mouse: a terminal has one at a time, and none after any of them has been turned off. */
const mouseModes = [9, 1000, 1002, 1003];
/** Cursor keys, keypad, focus, marked pastes. */
const inputModes = new Set([1, 66, 1004, 2004]);
/** 132 columns: turning it off clears the screen. 1048: saves the cursor. */
const notUndone = new Set([3, 1048]);

/** Scroll region and line drawing, colours, keypad. Resetting the region moves the cursor: it is saved and restored around it. */
const resetWithoutModes = '\x1b7\x1b[r\x1b8\x1b(B\x1b[0m\x1b>';

/** The longest of those below is followed to here. */
const maxLook = 16;

/** All that is known of a terminal's modes, as JSON: for another process that goes on with it. */
export interface ModesState {
  changed: [number, boolean][];
  main: { pushed: number[]; set: number };
  alternate: { pushed: number[]; set: number };
  modifyOtherKeys: number;
  looks: [string, string][];
  /** Missing where an older version says it. */
  colours?: [string, string][];
  mouse: number;
  sawEscape: boolean;
  /** Base64. */
  begun: string;
}

export class TerminalModes {
  /** Private modes that are not as a terminal has them at first: number → is it on. */
  readonly #changed = new Map<number, boolean>();
  /** Private modes that a program has touched, alternate screens left out. */
  readonly #everChanged = new Set<number>();
  /** Each screen has keyboard flags of its own. */
  readonly #mainKeyboard = new KittyFlags();
  #alternateKeyboard = new KittyFlags();
  #modifyOtherKeys = 0;
  #looks = new TerminalLooks();
  colours = new TerminalColours();
  /** The way to report the mouse that is on; 0 is none. */
  #mouse = 0;
  #sawEscape = false;
  /** The beginning of a sequence that the last chunk ended in. */
  #begun: Buffer | undefined;

  /** One that goes on from what another has known. */
  static of(state: ModesState): TerminalModes {
    const modes = new TerminalModes();
    for (const [mode, on] of state.changed) modes.#changed.set(mode, on);
    Object.assign(modes.#mainKeyboard, { pushed: [...state.main.pushed], set: state.main.set });
    Object.assign(modes.#alternateKeyboard, { pushed: [...state.alternate.pushed], set: state.alternate.set });
    modes.#modifyOtherKeys = state.modifyOtherKeys;
    modes.#looks = new TerminalLooks(state.looks);
    modes.colours = new TerminalColours(state.colours);
    modes.#mouse = state.mouse;
    modes.#sawEscape = state.sawEscape;
    if (state.begun !== '') modes.#begun = Buffer.from(state.begun, 'base64');
    return modes;
  }

  state(): ModesState {
    return {
      changed: [...this.#changed],
      main: { ...this.#mainKeyboard },
      alternate: { ...this.#alternateKeyboard },
      modifyOtherKeys: this.#modifyOtherKeys,
      looks: this.#looks.state(),
      colours: this.colours.state(),
      mouse: this.#mouse,
      sawEscape: this.#sawEscape,
      begun: this.#begun?.toString('base64') ?? '',
    };
  }

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
      } else if (bytes[at + 1] === 0x5d || (bytes[at + 1] === 0x5b && isCursorShape(bytes, at + 2))) {
        const look = bytes.toString('latin1', at + 1, at + maxLook);
        if (TerminalColours.begins(look)) this.#colour(bytes, at);
        else if (bytes.length - at < maxLook && !/[\x07\x1b\x5c]|q/.test(look))
          this.#begun = Buffer.from(bytes.subarray(at));
        else this.#looks.take(look);
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
    return (
      this.#changed.size > 0 || this.#mainKeyboard.anyOn || this.#alternateKeyboard.anyOn || this.#modifyOtherKeys > 0
    );
  }

  /**
   * What turns off what is left on; empty when nothing is. After a death by a signal also what leaves no trace in the
   * modes: colours, scroll region, line drawing, keypad.
   */
  undo(diedOfSignal: boolean): string {
    if (!this.anyOn && !(diedOfSignal && this.#sawEscape)) return '';
    // the other screen's flags may be another program's
    const leave = alternateScreens.filter((mode) => this.#changed.get(mode)).map((mode) => `\x1b[?${mode}l`);
    const keyboard =
      this.#alternateKeyboard.undo() +
      leave.join('') +
      this.#mainKeyboard.undo() +
      (this.#modifyOtherKeys > 0 ? '\x1b[>4;0m' : '');
    const modes = [...this.#changed]
      .filter(([mode]) => !alternateScreens.includes(mode))
      .map(([mode, on]) => `\x1b[?${mode}${on ? 'l' : 'h'}`);
    return keyboard + resetWithoutModes + modes.join('') + this.#looks.undo() + this.colours.undo();
  }

  /**
   * What turns on, in a terminal that is as it was at first, what the program wants of keys and pastes: cursor keys, keypad, focus,
   * marked pastes. It may come before the screen is drawn.
   */
  redoInputModes(): string {
    return this.#redoModes((mode) => inputModes.has(mode));
  }

  /** The other modes, but for alternate screens: whoever draws the screen there enters it, after `redoMainKeyboard`. */
  redoOtherModes(): string {
    return this.#redoModes((mode) => !inputModes.has(mode) && (!mouseModes.includes(mode) || mode === this.#mouse));
  }

  /** The keyboard flags of the screen that is shown. */
  redoKeyboard(): string {
    return this.#keyboard.redo() + (this.#modifyOtherKeys > 0 ? `\x1b[>4;${this.#modifyOtherKeys}m` : '');
  }

  /** The keyboard flags of the main screen, while the alternate one is shown: they hold again when it is left. */
  redoMainKeyboard(): string {
    return this.#inAlternateScreen ? this.#mainKeyboard.redo() : '';
  }

  /** Is the cursor shown? */
  get showsCursor(): boolean {
    return this.#changed.get(25) !== false;
  }

  /** Turns off every mode that a program has ever turned on or off, and gives back the colours; some other mode may be on all the same. */
  reset(): string {
    const modes = [...this.#everChanged].map((mode) => `\x1b[?${mode}${onByDefault.has(mode) ? 'h' : 'l'}`);
    return modes.join('') + this.colours.reset();
  }

  #redoModes(wanted: (mode: number) => boolean): string {
    return [...this.#changed]
      .filter(([mode]) => !alternateScreens.includes(mode) && wanted(mode))
      .map(([mode, on]) => `\x1b[?${mode}${on ? 'h' : 'l'}`)
      .join('');
  }

  /** Is the alternate screen shown? */
  get #inAlternateScreen(): boolean {
    return alternateScreens.some((mode) => this.#changed.get(mode));
  }

  /** Of the screen that is shown. */
  get #keyboard(): KittyFlags {
    return this.#inAlternateScreen ? this.#alternateKeyboard : this.#mainKeyboard;
  }

  /** A sequence about colours begins at `at`. */
  #colour(bytes: Buffer, at: number): void {
    const text = bytes.toString('latin1', at + 1, at + maxColourBytes);
    const end = text.search(/[\x07\x1b]/);
    if (end !== -1) this.colours.take(text.slice(0, end));
    else if (bytes.length - at < maxColourBytes) this.#begun = Buffer.from(bytes.subarray(at));
  }

  /** `sequence`: what follows ESC [. */
  #apply(sequence: string): void {
    const kind = sequence[0];
    const final = sequence.at(-1);
    const numbers = sequence.slice(1, -1).split(';').map(Number);
    if (kind === '?' && (final === 'h' || final === 'l')) {
      for (const mode of numbers) this.#setMode(mode, final === 'h');
    } else if (final === 'u') {
      const keyboard = this.#keyboard;
      if (kind === '>') keyboard.pushed.push(numbers[0] || 0);
      else if (kind === '<') keyboard.pushed.splice(-(numbers[0] || 1));
      else if (kind === '=') keyboard.set = numbers[1] === 3 ? 0 : numbers[0] || 0;
    } else if (kind === '>' && numbers[0] === 4 && (final === 'm' || final === 'n')) {
      this.#modifyOtherKeys = final === 'm' ? (numbers[1] ?? 0) : 0;
    }
  }

  #setMode(mode: number, on: boolean): void {
    if (!Number.isInteger(mode) || notUndone.has(mode)) return;
    if (alternateScreens.includes(mode) && on !== this.#inAlternateScreen) this.#alternateKeyboard = new KittyFlags();
    if (mouseModes.includes(mode)) this.#mouse = on ? mode : 0;
    if (!alternateScreens.includes(mode)) this.#everChanged.add(mode);
    // any way of leaving leaves, however it was entered
    if (alternateScreens.includes(mode) && !on) for (const one of alternateScreens) this.#changed.delete(one);
    if (on === onByDefault.has(mode)) this.#changed.delete(mode);
    else this.#changed.set(mode, on);
  }
}

/** `0 q` to `6 q`, or ` q`, as far as it is there. */
function isCursorShape(bytes: Buffer, at: number): boolean {
  const from = bytes[at] === 0x20 ? at : at + 1;
  const isShort = from >= bytes.length || (from + 1 >= bytes.length && bytes[from] === 0x20);
  return isShort ? isParameter(bytes[at] ?? 0) || bytes[at] === 0x20 : bytes[from] === 0x20 && bytes[from + 1] === 0x71;
}

function isParameter(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x3b || byte === 0x3a;
}
