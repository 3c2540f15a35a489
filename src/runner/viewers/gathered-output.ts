/** Pieces of output that come in the same moment, made into one. */

const maxBytes = 64 * 1024;
/** A piece this long is one of many. */
const longBytes = 2048;

export class GatheredOutput {
  readonly #passOn: (bytes: Buffer) => void;
  #gathered: Buffer | undefined;
  #length = 0;
  #soon: NodeJS.Immediate | undefined;

  /** `passOn` is given what is overwritten after the call. */
  constructor(passOn: (bytes: Buffer) => void) {
    this.#passOn = passOn;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /**
   * Takes a piece, which may be overwritten after the call. A short one by itself goes on at once, a long one with all that comes in
   * the same turn of the event loop.
   */
  take(bytes: Buffer): void {
    if (this.#length === 0 && bytes.length < longBytes) {
      this.#passOn(bytes);
      return;
    }
    if (this.#length + bytes.length > maxBytes) this.flush();
    if (bytes.length > maxBytes) {
      this.#passOn(bytes);
      return;
    }
    this.#gathered ??= Buffer.allocUnsafeSlow(maxBytes);
    this.#length += bytes.copy(this.#gathered, this.#length);
    this.#soon ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const length = this.#length;
    if (length === 0) return;
    this.#length = 0;
    this.#passOn(this.#gathered!.subarray(0, length));
  }
}
