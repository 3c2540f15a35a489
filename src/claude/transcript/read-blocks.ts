/** A transcript (JSONL, append-only) in blocks of whole lines: a file of any size costs one block, or its longest line. */
import { closeSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../errors/claudex-error.ts';

/** Small enough to stay in a core's cache between reading and searching. */
const chunkBytes = 512 << 10;
/** A longer line (pictures, mostly) is left out: it would cost its size several times over to parse. */
export const maxLineBytes = 16 << 20;

/** One buffer goes from file to file: hundreds of them would wait for the garbage collector. */
let spareBuffer: Buffer | undefined;

export interface Block {
  /** Where it starts in the file, in bytes. */
  offset: number;
  /** Whole lines; only the last one of the file may be without its newline. Valid until the next block is asked for. */
  bytes: Buffer;
}

/**
 * Blocks from byte `from` (the start of a line) up to byte `to`, without lines longer than `longestLine`. A file that is not there
 * has none.
 * @throws Error as openSync and readSync do
 */
export function* readBlocks(
  path: string,
  from = 0,
  to = Number.POSITIVE_INFINITY,
  longestLine = maxLineBytes,
): Generator<Block> {
  const fd = openForReading(path);
  if (fd === undefined) return;
  let buffer = spareBuffer ?? Buffer.allocUnsafe(2 * chunkBytes);
  spareBuffer = undefined;
  try {
    let offset = from;
    let filled = 0;
    for (;;) {
      if (filled + chunkBytes > buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
      const read = readSync(fd, buffer, filled, Math.min(chunkBytes, to - offset - filled), offset + filled);
      const lastNewline = buffer.subarray(filled, filled + read).lastIndexOf(10);
      const whole = lastNewline === -1 ? 0 : filled + lastNewline + 1;
      filled += read;
      if (whole > 0) yield { offset, bytes: buffer.subarray(0, whole) };
      if (read === 0) {
        if (filled > 0) yield { offset, bytes: buffer.subarray(0, filled) };
        return;
      }
      buffer.copyWithin(0, whole, filled);
      offset += whole;
      filled -= whole;
      if (filled > longestLine) {
        offset = lineAfter(fd, offset + filled, buffer);
        filled = 0;
      }
    }
  } finally {
    closeSync(fd);
    if (buffer.length === 2 * chunkBytes) spareBuffer = buffer;
  }
}

export interface Line {
  /** Where it starts in the file, in bytes. */
  offset: number;
  /** Without the newline; valid until the next line is asked for. */
  bytes: Buffer;
  /** False for the last line of a file that ends without a newline: it may be in the middle of being written. */
  isEnded: boolean;
}

/** As readBlocks, line by line; empty lines are left out. */
export function* readLines(path: string, from?: number, to?: number): Generator<Line> {
  for (const { offset, bytes } of readBlocks(path, from, to)) {
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(10, start);
      const end = newline === -1 ? bytes.length : newline;
      if (end > start) yield { offset: offset + start, bytes: bytes.subarray(start, end), isEnded: newline !== -1 };
      start = end + 1;
    }
  }
}

/** Where the line after the one that holds byte `position` starts, or the end of the file. */
function lineAfter(fd: number, position: number, buffer: Buffer): number {
  for (let at = position; ; ) {
    const read = readSync(fd, buffer, 0, chunkBytes, at);
    const newline = buffer.subarray(0, read).indexOf(10);
    if (newline !== -1) return at + newline + 1;
    if (read === 0) return at;
    at += read;
  }
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined; // claude writes it with the first prompt
    throw error;
  }
}
