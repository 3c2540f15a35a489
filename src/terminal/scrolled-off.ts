/**
 * What of a flood of output need not be drawn: plain lines that more lines after them have pushed out of all that is kept of a
 * screen. Drawing them would take most of the time that a host needs for a flood.
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const escapeByte = 0x1b;
/** Begins the characters of UTF-8 that are controls (C1), and some that are not. */
const mayBeControl = 0xc2;

/** Looks are repeated from the last reset on; where there are more of them than this, everything is drawn. */
const maxLooksBytes = 4096;

/** Bytes that move the cursor along its line or to the next, and do nothing else. */
const isPlain = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) isPlain[byte] = byte >= 0x20 && byte !== 0x7f && byte !== mayBeControl ? 1 : 0;
for (const byte of [lineFeed, carriageReturn, 0x09]) isPlain[byte] = 1;

/**
 * `bytes` without the lines at their beginning that at least `lines` lines push out, but with the looks that those have set. For a
 * terminal that is in no sequence, on the main screen, with no scroll region; it must keep fewer lines than `lines` by the height of
 * the screen. Undefined where nothing can be left out.
 */
export function withoutScrolledOff(bytes: Buffer, lines: number): Buffer | undefined {
  let cut = plainEnd(bytes);
  for (let count = 0; count <= lines; count++) {
    cut = bytes.lastIndexOf(lineFeed, cut - 1);
    if (cut <= 0) return undefined;
  }
  // the cursor must be where the line that stays begins
  if (bytes[cut - 1] !== carriageReturn) return undefined;
  const looks = looksOf(bytes.subarray(0, cut));
  return looks && Buffer.concat([looks, bytes.subarray(cut + 1)]);
}

/** Where the first thing stands that is neither text, nor a new line, nor looks. */
function plainEnd(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (isPlain[byte] === 1) at++;
    else if (byte === escapeByte) {
      const end = looksEnd(bytes, at);
      if (end === undefined) break;
      at = end;
    } else if (byte === mayBeControl && bytes[at + 1]! >= 0xa0) at += 2;
    else break;
  }
  return at;
}

/** Behind the looks (SGR) that begin at `from`; undefined for another sequence, and for one that has not ended. */
function looksEnd(bytes: Buffer, from: number): number | undefined {
  if (bytes[from + 1] !== 0x5b) return undefined;
  let at = from + 2;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x3b) at++;
  return bytes[at] === 0x6d ? at + 1 : undefined;
}

/** All looks since the last time that all of them were reset; undefined where they are too many. */
function looksOf(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = bytes.lastIndexOf(escapeByte); at !== -1; at = at > 0 ? bytes.lastIndexOf(escapeByte, at - 1) : -1) {
    const looks = bytes.subarray(at, looksEnd(bytes, at));
    length += looks.length;
    if (length > maxLooksBytes) return undefined;
    parts.unshift(looks);
    if (/^\x1b\[0*[;m]/.test(looks.toString('latin1'))) break;
  }
  return Buffer.concat(parts);
}
