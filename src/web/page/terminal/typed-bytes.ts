/**
 * What was typed into a terminal, from the key to the server's word that it has it. A connection that dies takes with it what was
 * on its way: the server counts what it has taken of each stream of keys, so that the rest is sent again, and nothing twice.
 */
import { newKey } from '../api.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** More than this for a terminal that is away is somebody's paste of a file, and it is refused. */
const maxKeptBytes = 256 * 1024;

export class TypedBytes {
  /** Names this stream of keys to the server. */
  readonly stream = newKey();
  /** How much of it the server has said to have. */
  #taken = 0;
  /** Sent, and not yet said to be there. */
  #sent: Bytes[] = [];
  #unsent: Bytes[] = [];
  #bytes = 0;

  /** @returns false where it is too much to keep */
  add(bytes: Bytes): boolean {
    if (this.#bytes + bytes.length > maxKeptBytes) return false;
    this.#unsent.push(bytes);
    this.#bytes += bytes.length;
    return true;
  }

  /** True while something is sent and nobody has said that it is there. */
  get isOnItsWay(): boolean {
    return this.#sent.length > 0;
  }

  /** What to send now. */
  take(): Bytes[] {
    const next = this.#unsent;
    this.#sent.push(...next);
    this.#unsent = [];
    return next;
  }

  /** The server has that much of this stream. */
  taken(count: number): void {
    let more = count - this.#taken;
    this.#taken = Math.max(this.#taken, count);
    while (more > 0 && this.#sent.length > 0) {
      const first = this.#sent[0]!;
      const part = Math.min(more, first.length);
      if (part === first.length) this.#sent.shift();
      else this.#sent[0] = first.subarray(part);
      more -= part;
      this.#bytes -= part;
    }
  }

  /**
   * A new connection, on which nothing is sent yet, to a server that has `count` of this stream, or does not know it.
   * @returns how many bytes were on their way to a server that is no longer there: whether they arrived nobody knows, and they
   * are not sent again, because a "yes" that is typed twice is worse than one that is missing
   */
  resume(count: number, isKnown: boolean): number {
    if (isKnown) {
      this.taken(count);
      this.#unsent.unshift(...this.#sent);
      this.#sent = [];
      return 0;
    }
    const unsure = this.#sent.reduce((sum, { length }) => sum + length, 0);
    this.#sent = [];
    this.#bytes -= unsure;
    this.#taken = 0;
    return unsure;
  }
}
