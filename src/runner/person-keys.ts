/**
 * Follows what comes from the outer terminal, byte by byte, to know when the person last pressed a key. Pure, no clock of its
 * own. What a terminal answers by itself (device attributes, cursor position, colours, focus, mouse) is no key. In doubt it is
 * one. What stands in the prompt box is not concluded from keys: it is looked at.
 */

type State = 'ground' | 'escape' | 'csi' | 'string' | 'string-escape' | 'paste' | 'x10-mouse';

const escapeByte = 0x1b;
const pasteEnd = '\x1b[201~';
/** The pieces of one answer of a terminal come this close together; later ones are keys. */
const replyTimeoutMs = 1000;

export class PersonKeys {
  /** When the person last pressed a key; 0 for never. */
  lastKeyAt = 0;
  /** The same before the sequence that has begun: true again if it turns out to be a terminal's answer. */
  #lastKeyBefore = 0;
  #sequenceAt = 0;
  #state: State = 'ground';
  #sequence = '';
  #mouseBytes = 0;

  /** Takes bytes that came from the outer terminal. */
  take(bytes: Uint8Array, now: number): void {
    if (this.#isUnfinished() && now - this.#sequenceAt > replyTimeoutMs) this.#state = 'ground';
    for (const byte of bytes) this.#step(byte, now);
    // Esc, Alt-[ or Alt-] and what was typed after it, until more says otherwise
    if (this.#isUnfinished()) this.#key(now);
  }

  /** True in the middle of a paste of the person's. */
  get isPasting(): boolean {
    return this.#state === 'paste';
  }

  #key(now: number): void {
    this.lastKeyAt = now;
  }

  #isUnfinished(): boolean {
    return this.#state !== 'ground' && this.#state !== 'paste';
  }

  #beginSequence(now: number): void {
    this.#lastKeyBefore = this.lastKeyAt;
    this.#sequenceAt = now;
    this.#state = 'escape';
  }

  /** It was the terminal that spoke: no key has been pressed. */
  #endReply(): void {
    this.lastKeyAt = this.#lastKeyBefore;
    this.#state = 'ground';
  }

  #step(byte: number, now: number): void {
    switch (this.#state) {
      case 'ground':
        if (byte === escapeByte) this.#beginSequence(now);
        else this.#key(now);
        return;
      case 'escape':
        this.#afterEscape(byte, now);
        return;
      case 'csi':
        this.#sequence += String.fromCharCode(byte);
        if (byte >= 0x40 && byte <= 0x7e) this.#endCsi(now);
        else if (this.#sequence.length > 64) {
          this.#key(now);
          this.#state = 'ground';
        }
        return;
      case 'x10-mouse':
        if (--this.#mouseBytes === 0) this.#endReply();
        return;
      case 'string':
        if (byte === 0x07) this.#endReply();
        else if (byte === escapeByte) this.#state = 'string-escape';
        return;
      case 'string-escape':
        if (byte === 0x5c) this.#endReply();
        else this.#state = 'string';
        return;
      case 'paste':
        this.#key(now);
        this.#sequence = (this.#sequence + String.fromCharCode(byte)).slice(-pasteEnd.length);
        if (this.#sequence === pasteEnd) this.#state = 'ground';
        return;
    }
  }

  #afterEscape(byte: number, now: number): void {
    this.#sequence = '';
    if (byte === 0x5b) this.#state = 'csi';
    else if (byte === 0x5d || byte === 0x50 || byte === 0x5f || byte === 0x5e || byte === 0x58) this.#state = 'string';
    else if (byte === escapeByte) {
      this.#key(now);
      this.#beginSequence(now);
    } else {
      this.#key(now); // Alt+key, or the beginning of a function key
      this.#state = 'ground';
    }
  }

  #endCsi(now: number): void {
    const sequence = this.#sequence;
    this.#state = 'ground';
    if (sequence === '200~') {
      this.#sequence = '';
      this.#state = 'paste';
      this.#key(now);
    } else if (sequence === 'M') {
      this.#mouseBytes = 3;
      this.#state = 'x10-mouse';
    } else if (isTerminalReply(sequence)) {
      this.#endReply();
    } else {
      this.#key(now);
    }
  }
}

/** What terminals send by themselves or in answer to a query, never because of a key. */
function isTerminalReply(sequence: string): boolean {
  return (
    /^[IO]$/.test(sequence) || // focus
    /^<[\d;]+[Mm]$/.test(sequence) || // SGR mouse
    /^[?>=][\d;]*c$/.test(sequence) || // device attributes
    /^\?[\d;]*u$/.test(sequence) || // kitty keyboard flags
    /^\??\d+;\d+(;\d+)?R$/.test(sequence) || // cursor position
    /^\??[\d;]*\$y$/.test(sequence) || // mode report
    /^\??[\d;]*[nt]$/.test(sequence) // status, colour scheme and window reports
  );
}
