/** Reads a terminal into one buffer for all reads: the new one that a stream takes for each is most of what a key costs. */
import { ReadStream } from 'node:tty';

/**
 * A stream that gives out no 'data': `onRead` is called instead, with how many bytes now stand in `buffer`, where the next read
 * overwrites them. Begins with `resume()`; `pause()`, 'end' and 'error' are as usual.
 *
 * `onread` is an option of net.Socket, to which tty.ReadStream passes its own (Node's documentation of both).
 */
export function createTtyReader(fd: number, buffer: Buffer, onRead: (length: number) => void): ReadStream {
  const callback = (length: number): boolean => {
    onRead(length);
    return true;
  };
  return new ReadStream(fd, { onread: { buffer, callback } } as object);
}
