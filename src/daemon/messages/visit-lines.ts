/** A file's lines, read in pieces from its front or from its end: a file of any size costs one piece, or its longest line. */
import { readSync } from 'node:fs';

const pieceBytes = 1 << 20;

/** The line is `buffer[start, end)`, which is valid during the call only, and stands at `offset` in the file. */
export type LineVisitor = (buffer: Buffer, start: number, end: number, offset: number) => void;

/** Visits every whole line up to byte `to`. @returns where the last whole line ends @throws Error as readSync does */
export function visitLines(fd: number, to: number, visit: LineVisitor, onPiece?: () => void): number {
  let buffer = Buffer.allocUnsafe(2 * pieceBytes);
  let filled = 0;
  let offset = 0;
  for (;;) {
    if (filled + pieceBytes > buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
    const wanted = Math.min(pieceBytes, to - offset - filled);
    const read = wanted > 0 ? readSync(fd, buffer, filled, wanted, offset + filled) : 0;
    if (read === 0) return offset;
    onPiece?.();
    let start = 0;
    // what was there before has no newline
    let newline = buffer.indexOf(0x0a, filled);
    filled += read;
    for (; newline !== -1 && newline < filled; newline = buffer.indexOf(0x0a, start)) {
      if (newline > start) visit(buffer, start, newline, offset + start);
      start = newline + 1;
    }
    buffer.copyWithin(0, start, filled);
    filled -= start;
    offset += start;
  }
}

/** The same from the last whole line to the first. */
export function visitLinesFromEnd(fd: number, to: number, visit: LineVisitor, onPiece?: () => void): number {
  let buffer = Buffer.allocUnsafe(2 * pieceBytes);
  /** What was read of a line whose beginning was not: at the front of the buffer, without a newline. */
  let carried = 0;
  let wholeEnd: number | undefined;
  for (let offset = to; offset > 0; ) {
    const wanted = Math.min(pieceBytes, offset);
    if (wanted + carried > buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
    buffer.copyWithin(wanted, 0, carried);
    offset -= wanted;
    readWhole(fd, buffer, wanted, offset);
    onPiece?.();
    let end = wanted + carried;
    for (let newline = lastNewline(buffer, wanted); newline !== -1; newline = lastNewline(buffer, newline)) {
      // what stands behind the last newline is torn
      if (wholeEnd === undefined) wholeEnd = offset + newline + 1;
      else if (end > newline + 1) visit(buffer, newline + 1, end, offset + newline + 1);
      end = newline;
    }
    carried = end;
  }
  if (wholeEnd !== undefined && carried > 0) visit(buffer, 0, carried, 0);
  return wholeEnd ?? 0;
}

function lastNewline(buffer: Buffer, before: number): number {
  return before === 0 ? -1 : buffer.lastIndexOf(0x0a, before - 1);
}

function readWhole(fd: number, buffer: Buffer, bytes: number, offset: number): void {
  for (let read = 0; read < bytes; ) {
    const more = readSync(fd, buffer, read, bytes - read, offset + read);
    if (more === 0) throw new Error('the journal became shorter while it was read');
    read += more;
  }
}
