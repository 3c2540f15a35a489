/** Which process is at the other end of a unix socket, by the kernel's word: nobody can claim to be another one. */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

interface SocketOption {
  level: number;
  name: number;
  /** Where in its value the 32-bit number stands. */
  offset: number;
}

const isMac = process.platform === 'darwin';
/** SOL_SOCKET and SO_PEERCRED (`struct ucred`); SOL_LOCAL and LOCAL_PEERPID on macOS. */
const pidOption: SocketOption = isMac ? { level: 0, name: 2, offset: 0 } : { level: 1, name: 17, offset: 0 };
/** In the same struct; on macOS LOCAL_PEERCRED (`struct xucred`, the user behind its version). */
const userOption: SocketOption = isMac ? { level: 0, name: 1, offset: 4 } : { ...pidOption, offset: 4 };
/** The largest of these structs is `xucred`. */
const maxValueBytes = 128;

type GetSocketOption = (fd: number, level: number, name: number, value: Buffer, bytes: Buffer) => number;

let getSocketOption: GetSocketOption | null | undefined;

/** The pid of the process that has connected; undefined where that cannot be told (no ready-made koffi for this platform). */
export function peerPid(socket: Socket | null): number | undefined {
  const pid = read(socket, pidOption);
  return pid !== undefined && pid > 0 ? pid : undefined;
}

/**
 * Is it a process of that user? True as well where the kernel cannot be asked: the socket's mode and its folder's keep others out,
 * and this is the second lock.
 */
export function isPeerOf(socket: Socket, userId = process.getuid!()): boolean {
  const peer = read(socket, userOption);
  return peer === undefined || peer === userId;
}

function read(socket: Socket | null, { level, name, offset }: SocketOption): number | undefined {
  const fd = (socket as unknown as { _handle?: { fd?: number } } | null)?._handle?.fd;
  getSocketOption ??= load();
  if (fd === undefined || fd < 0 || getSocketOption === null) return undefined;
  const value = Buffer.alloc(maxValueBytes);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value.length);
  return getSocketOption(fd, level, name, value, bytes) === 0 ? value.readInt32LE(offset) : undefined;
}

function load(): GetSocketOption | null {
  const name = `@koromix/koffi-${process.platform}-${process.arch}`;
  try {
    const koffi = createRequire(import.meta.url)(name) as { load(path: null): { func(text: string): GetSocketOption } };
    return koffi.load(null).func('int getsockopt(int fd, int level, int name, void *value, void *bytes)');
  } catch {
    return null; // not made for this platform, or not installed
  }
}
