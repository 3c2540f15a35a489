/**
 * The end of a process that is nobody's child of ours. Linux gives a descriptor of it, which tells the end without any looking, and
 * since 6.15 also how it ended; elsewhere it is looked for, and how it ended stays unknown.
 */
import { closeSync } from 'node:fs';
import { lives } from '../../process/identity.ts';
import { loadCLibrary } from '../koffi.ts';
import type { PtyExit } from './spawn-pty.ts';

/** The same on every architecture that Node runs on. */
const pidfdOpen = 434;
/** PIDFD_GET_INFO for the first, 64 byte long, version of its record; the bit of its mask for the exit; where that stands. */
const getInfo = 0xc040ff0b;
const infoBytes = 64;
const exitBit = 8n;
const exitAt = 60;
const pollIn = 1;
/** How it ended can be told once its parent has been told, which takes a moment. */
const reapedWithinMs = 2000;
const lookEveryMs = 500;

export const unknownExit: PtyExit = { code: 0, signal: 0, isUnknown: true };

/** Resolves when that very process has ended. */
export function processEnd(one: { pid: number; startTime: string }): Promise<PtyExit> {
  return (process.platform === 'linux' && endByDescriptor(one)) || endByLooking(one);
}

/** Undefined where the system gives no descriptor of it. */
function endByDescriptor(one: { pid: number; startTime: string }): Promise<PtyExit> | undefined {
  const library = loadCLibrary();
  const fd = library.func('long syscall(long number, ...)')(pidfdOpen, 'int', one.pid, 'int', 0);
  if (fd < 0) return undefined;
  if (!lives(one)) {
    // another process has its number by now
    closeSync(fd);
    return Promise.resolve(unknownExit);
  }
  const poll = library.func('int poll(void *descriptors, unsigned long count, int timeoutMs)');
  const happens = (events: number, timeoutMs: number): Promise<void> => {
    const asked = Buffer.alloc(8);
    asked.writeInt32LE(fd, 0);
    asked.writeInt16LE(events, 4);
    return new Promise((resolve) => {
      poll.async(asked, 1, timeoutMs, () => resolve());
    });
  };
  return happens(pollIn, -1).then(async () => {
    await happens(0, reapedWithinMs);
    const info = Buffer.alloc(infoBytes);
    info.writeBigUInt64LE(exitBit, 0);
    const isTold = library.func('int ioctl(int fd, unsigned long request, ...)')(fd, getInfo, 'void *', info) === 0;
    closeSync(fd);
    if (!isTold || (info.readBigUInt64LE(0) & exitBit) === 0n) return unknownExit;
    const status = info.readInt32LE(exitAt);
    return { code: (status >> 8) & 0xff, signal: status & 0x7f };
  });
}

function endByLooking(one: { pid: number; startTime: string }): Promise<PtyExit> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (lives(one)) return;
      clearInterval(timer);
      resolve(unknownExit);
    }, lookEveryMs);
  });
}
