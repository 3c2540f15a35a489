/** The keys of a viewer that are not claude's: the one that detaches and Ctrl-Z, in every way that a terminal may send them. */

/** Ctrl with a character, as `ctrl-\`. Undefined for a word that names no such key. */
export function controlCode(name: string): number | undefined {
  const key = /^(?:ctrl-|\^)(.)$/i.exec(name)?.[1];
  if (key === undefined) return undefined;
  const code = key.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? code & 0x1f : undefined;
}

/** What was typed: bytes for claude, or a key that is the viewer's. */
export type ViewerKey = Buffer | 'detach' | 'suspend';

/** The beginning of a sequence that may become one of the keys, or the beginning of a paste. Longer ones are neither. */
const begun = /\x1b(?:\[[0-9;:]{0,24})?$/;
const pasteStart = '\x1b[200~';
const pasteEnd = '\x1b[201~';
const ctrlZ = 0x1a;

export class ViewerKeys {
  readonly #key: RegExp;
  readonly #detachCode: number;
  /** What the last chunk ended in: the beginning of a key, which the next chunk may end. */
  #held = '';
  #isPasting = false;
  /** The end of what has been pasted so far: its closing mark may come in pieces. */
  #pasted = '';

  constructor(detachCode: number) {
    this.#detachCode = detachCode;
    const codes = [detachCode, ctrlZ];
    const letters = codes.flatMap((code) => [code + 0x40, code + 0x60]).join('|');
    const raw = codes.map((code) => `\\x${code.toString(16).padStart(2, '0')}`).join('');
    // raw; as CSI-u with any lock bits, alternate keys and event types (ESC [ 92 ; 5 u); as modifyOtherKeys sends it (ESC [ 27 ; 5 ; 92 ~)
    this.#key = new RegExp(
      `[${raw}]|\\x1b\\[(?:(${letters})(?::[0-9:]*)?;(\\d+)(?::1)?(?:;[0-9:]*)?u|27;(\\d+);(${letters})~)|\\x1b\\[200~`,
      'g',
    );
  }

  /** Is the beginning of a key held back? It is claude's after all when nothing follows: `flush`. */
  get isHolding(): boolean {
    return this.#held !== '';
  }

  /** What was typed, in order. */
  take(bytes: Buffer): ViewerKey[] {
    if (this.#held === '' && !this.#isPasting && !this.#mayHoldKey(bytes)) return [bytes];
    let text = this.#held + bytes.toString('latin1');
    this.#held = '';
    const keys: ViewerKey[] = [];
    let passed = '';
    const pass = (): void => {
      if (passed !== '') keys.push(Buffer.from(passed, 'latin1'));
      passed = '';
    };
    while (text !== '') {
      if (this.#isPasting) {
        const piece = this.#takePasted(text);
        passed += piece;
        text = text.slice(piece.length);
        continue;
      }
      const { at, length, key } = this.#find(text);
      if (at === -1) {
        this.#held = begun.exec(text)?.[0] ?? '';
        passed += text.slice(0, text.length - this.#held.length);
        break;
      }
      const isPaste = key === 'paste';
      passed += text.slice(0, isPaste ? at + length : at);
      text = text.slice(at + length);
      if (isPaste) this.#isPasting = true;
      else {
        pass();
        keys.push(key);
      }
    }
    pass();
    return keys;
  }

  /** What is held back: no more of it has come. */
  flush(): Buffer {
    const held = Buffer.from(this.#held, 'latin1');
    this.#held = '';
    return held;
  }

  /** Most keys are neither: they are to be on their way at once. */
  #mayHoldKey(bytes: Buffer): boolean {
    return bytes.includes(0x1b) || bytes.includes(this.#detachCode) || bytes.includes(ctrlZ);
  }

  /** As much of `text` as is pasted, its end mark included. */
  #takePasted(text: string): string {
    const all = this.#pasted + text;
    const end = all.indexOf(pasteEnd);
    this.#isPasting = end === -1;
    const piece = this.#isPasting ? text : text.slice(0, end + pasteEnd.length - this.#pasted.length);
    this.#pasted = this.#isPasting ? all.slice(1 - pasteEnd.length) : '';
    return piece;
  }

  #find(text: string): { at: number; length: number; key: 'detach' | 'suspend' | 'paste' } {
    for (const match of text.matchAll(this.#key)) {
      const { index: at } = match;
      const { length } = match[0];
      if (match[0] === pasteStart) return { at, length, key: 'paste' };
      const letter = match[1] ?? match[4];
      // modifiers are one more than their bits: Ctrl is 4, Caps Lock 64, Num Lock 128
      const modifiers = Number(match[2] ?? match[3]) - 1;
      if (letter !== undefined && (modifiers & ~(64 | 128)) !== 4) continue;
      const code = letter === undefined ? match[0].charCodeAt(0) : Number(letter) & 0x1f;
      return { at, length, key: code === this.#detachCode ? 'detach' : 'suspend' };
    }
    return { at: -1, length: 0, key: 'paste' };
  }
}
