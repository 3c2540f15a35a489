/**
 * Takes what a program asks its terminal out of its output. Of several viewers none may answer, because each would; the
 * mirror of the host answers instead (screen-mirror.ts).
 */

/** A sequence longer than this that has not ended is no question. */
const maxQuestionBytes = 256;

/**
 * Questions, each from its ESC on: device attributes (c, >c, =c), status and cursor (n), version (>q), kitty flags (?u), modes
 * ($p), window (t), colours (OSC 4, 5, 10-19, 52), capabilities (DCS +q, $q), kitty graphics (APC G … a=q).
 */
const question =
  /^\x1b(?:\[(?:[>=]?0?c|\??[0-9;]*n|>0?q|\?u|\??[0-9;]*\$p|(?:1[1345689]|2[01])(?:;[0-9]*)*t|\?[0-9;]*S)|\](?:4;[0-9]+|5;[0-9]+|1[0-9]|52;[a-z0-9]*);\?(?:\x07|\x1b\\)|P(?:\+q|\$q)[^\x1b]*\x1b\\|_G[^\x1b]*a=q[^\x1b]*\x1b\\)/;

/** The beginning of something that may become a question. */
const begun =
  /^\x1b(?:$|\[[?>=]?[0-9;]*\$?$|\][0-9;a-z?]*(?:\x1b)?$|P(?:$|[+$]q?[^\x1b]*(?:\x1b)?$)|_(?:$|G[^\x1b]*(?:\x1b)?$))/;

const escapeByte = 0x1b;

export class QueryFilter {
  #held: Buffer = Buffer.alloc(0);

  /** Is something held back that may be the beginning of a question? */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** `chunk` without its questions. What may be the beginning of one is held back until the next chunk. */
  take(chunk: Buffer): Buffer {
    if (this.#held.length === 0 && chunk.indexOf(escapeByte) === -1) return chunk;
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = Buffer.alloc(0);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(escapeByte); at !== -1; at = bytes.indexOf(escapeByte, at + 1)) {
      if (isOther(bytes, at + 1)) continue;
      const text = bytes.toString('latin1', at, at + maxQuestionBytes);
      const length = question.exec(text)?.[0].length;
      if (length !== undefined) {
        parts.push(bytes.subarray(from, at));
        from = at + length;
        at = from - 1;
      } else if (text.length < maxQuestionBytes && begun.test(text)) {
        parts.push(bytes.subarray(from, at));
        // copied: the chunk is overwritten by the next output
        this.#held = Buffer.from(bytes.subarray(at));
        return Buffer.concat(parts);
      }
    }
    if (parts.length === 0) return bytes;
    parts.push(bytes.subarray(from));
    return Buffer.concat(parts);
  }
}

/** Last bytes of questions that begin with ESC [: most sequences have another, and need no closer look. */
const questionEnds = new Set([...'cnqupStT'].map((letter) => letter.charCodeAt(0)));

/** Is what follows an ESC certainly no question, nor the beginning of one? */
function isOther(bytes: Buffer, at: number): boolean {
  const kind = bytes[at];
  if (kind !== 0x5b) return kind !== undefined && kind !== 0x5d && kind !== 0x50 && kind !== 0x5f;
  let end = at + 1;
  while (end < bytes.length && bytes[end]! >= 0x20 && bytes[end]! <= 0x3f) end++;
  return end < bytes.length && !questionEnds.has(bytes[end]!);
}
