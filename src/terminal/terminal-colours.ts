/**
 * Which colours of a terminal a program has changed: those of text, background and cursor (OSC 10 to 12), and of the palette
 * (OSC 4). A viewer that comes later is given them, and whoever leaves gets the terminal's own back.
 */

/** All 256 colours of the palette, set in one sequence, are less. */
export const maxColourBytes = 8192;

/** Sets or resets colours: what stands behind ESC. */
const setsOrResets = /^\](?:4|1[012]);|^\]1(?:04|1[012])[;\x07\x1b]/;
/** What a terminal would take for a colour; nothing else is repeated to another one. */
const isColour = /^[#\w:/.,%() -]{1,64}$/;

export class TerminalColours {
  /** `4;n`, or `10` to `12` → the colour, as the program said it. */
  readonly #set: Map<string, string>;
  /** Every one that has ever been set: it may still be so in a terminal that has missed what followed. */
  readonly #everSet = new Set<string>();

  constructor(set: ReadonlyArray<[string, string]> = []) {
    this.#set = new Map(set);
    for (const [key] of set) this.#everSet.add(key);
  }

  /** May the sequence, which has come as far as `text` after its ESC, be one of colours? */
  static begins(text: string): boolean {
    return setsOrResets.test(text);
  }

  /** `sequence`: what stands between ESC and its end. */
  take(sequence: string): void {
    const [kind, ...values] = sequence.slice(1).split(';');
    if (kind === '4') this.#takePalette(values);
    else if (kind === '104') this.#resetPalette(values);
    else if (kind!.startsWith('11') && kind!.length === 3) this.#set.delete(`1${kind![2]}`);
    // more than one: text, background and cursor, from that one on
    else for (const [index, value] of values.entries()) this.#remember(String(Number(kind) + index), value);
  }

  /** Sets them in a terminal that has its own. */
  redo(): string {
    return [...this.#set].map(([key, colour]) => `\x1b]${key};${colour}\x07`).join('');
  }

  /** Gives back the terminal's own. */
  undo(): string {
    return [...this.#set.keys()].map(resetOf).join('');
  }

  /** The same of all that have ever been set. */
  reset(): string {
    return [...this.#everSet].map(resetOf).join('');
  }

  state(): [string, string][] {
    return [...this.#set];
  }

  #takePalette(values: readonly string[]): void {
    for (let at = 0; at + 1 < values.length; at += 2) {
      const index = Number(values[at]);
      if (values[at] !== '' && Number.isInteger(index) && index >= 0 && index < 256)
        this.#remember(`4;${index}`, values[at + 1]!);
    }
  }

  #resetPalette(values: readonly string[]): void {
    const isAll = values.length === 0 || values.every((one) => one === '');
    for (const key of [...this.#set.keys()]) {
      if (key.startsWith('4;') && (isAll || values.includes(key.slice(2)))) this.#set.delete(key);
    }
  }

  #remember(key: string, colour: string): void {
    // a question, or one that we do not follow
    if (!isColour.test(colour) || (!key.startsWith('4;') && !['10', '11', '12'].includes(key))) return;
    this.#set.set(key, colour);
    this.#everSet.add(key);
  }
}

function resetOf(key: string): string {
  return key.startsWith('4;') ? `\x1b]104;${key.slice(2)}\x07` : `\x1b]1${key}\x07`;
}
