/** Ids that were seen, in a few bits each: says no for certain, and yes a little too often. */

/** 8 MiB: of three million ids, one unknown one in a hundred is taken for known. */
const words = 1 << 21;
const bitMask = words * 32 - 1;

export class SeenIds {
  #bits: Uint32Array | undefined;

  add(id: string): void {
    this.#bits ??= new Uint32Array(words);
    for (const bit of bitsOf(id)) this.#bits[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** False: it was not added. */
  mayHave(id: string): boolean {
    const bits = this.#bits;
    return bits !== undefined && bitsOf(id).every((bit) => (bits[bit >>> 5]! & (1 << (bit & 31))) !== 0);
  }
}

/** Two places that depend on every letter. */
function bitsOf(id: string): [number, number] {
  let one = 0x811c9dc5;
  let two = 0;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two + code, 0x9e3779b1) ^ (two >>> 15);
  }
  return [(one ^ (one >>> 13)) & bitMask, (two ^ (two >>> 11)) & bitMask];
}
