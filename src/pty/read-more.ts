/** Reads what else a pty has ready: the kernel gives it out by the page, and an event of Node's for each page costs ten times the read. */
import { readSync } from 'node:fs';
import { systemErrorCode } from '../errors.ts';

/** Most that a pty gives out in one read on Linux; less means that there was no more. */
const pageBytes = 4095;
/** Read at most this much before keys and signals have their turn again. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * `bytes`, as they came from Node's stream, and what can be read after them without waiting. Only to be called while that
 * stream holds nothing back. `fd` must not block.
 */
export function withMore(fd: number, bytes: Buffer): Buffer {
  if (bytes.length < pageBytes) return bytes;
  let length = 0;
  try {
    while (length + pageBytes <= scratch.length) {
      const count = readSync(fd, scratch, length, pageBytes, null);
      length += count;
      if (count < pageBytes) break;
    }
  } catch (error) {
    // EAGAIN: that was all. EIO: hung up; the stream finds out by itself
    if (systemErrorCode(error) !== 'EAGAIN' && systemErrorCode(error) !== 'EIO') throw error;
  }
  return length === 0 ? bytes : Buffer.concat([bytes, scratch.subarray(0, length)]);
}
