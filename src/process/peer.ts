/** Which process is at the other end of a unix socket, by the kernel's word: nobody can claim to be another one. */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** SOL_SOCKET and SO_PEERCRED; SOL_LOCAL and LOCAL_PEERPID on macOS. The pid comes first in what both give. */
const option = process.platform === 'darwin' ? { level: 0, name: 2 } : { level: 1, name: 17 };

type GetSocketOption = (fd: number, level: number, name: number, value: Buffer, bytes: Buffer) => number;

let getSocketOption: GetSocketOption | null | undefined;

/** The pid of the process that has connected; undefined where that cannot be told (no ready-made koffi for this platform). */
export function peerPid(socket: Socket | null): number | undefined {
  const fd = (socket as unknown as { _handle?: { fd?: number } } | null)?._handle?.fd;
  getSocketOption ??= load();
  if (fd === undefined || fd < 0 || getSocketOption === null) return undefined;
  const value = Buffer.alloc(16);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value.length);
  if (getSocketOption(fd, option.level, option.name, value, bytes) !== 0) return undefined;
  const pid = value.readInt32LE(0);
  return pid > 0 ? pid : undefined;
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
