/**
 * Calls of the C library that Node does not have: a terminal's settings (termios), its size with pixels, how many bytes wait in it,
 * and handing an open file down to a child. They are reached through koffi, whose binary comes ready-made from npm.
 */
import { loadCLibrary } from './koffi.ts';

/** A `struct termios` as the system keeps it. Copied as a whole; what is in it is the system's affair. */
export type TtySettings = Buffer;

/** Size of a terminal; zeros where it does not know. */
export interface WindowSize {
  cols: number;
  rows: number;
  pixelWidth: number;
  pixelHeight: number;
}

export interface TtyCalls {
  /** Undefined when the descriptor is no terminal, or one that is gone. */
  readSettings(fd: number): TtySettings | undefined;
  /** Takes effect at once. A terminal that is gone is left alone. */
  writeSettings(fd: number, settings: TtySettings): void;
  /** The same settings with every translation, echo and signal key off, in both directions. */
  rawSettings(settings: TtySettings): TtySettings;
  readSize(fd: number): WindowSize | undefined;
  /** Also tells the foreground programs of that terminal (SIGWINCH) when it is a change. */
  writeSize(fd: number, size: WindowSize): void;
  /** Are typed characters echoed? What a new terminal does, and a full-screen program turns off. */
  echoes(settings: TtySettings): boolean;
  /** How many bytes can be read at once; 0 where that cannot be told. With line editing on, of finished lines only. */
  readable(fd: number): number;
  /** Lets the processes that are started from now on have it. */
  handDown(fd: number): void;
}

/** Larger than `struct termios` anywhere (Linux 60, macOS 72 bytes). */
const settingsBytes = 128;
/** F_SETFD: without FD_CLOEXEC, on Linux and macOS. */
const setDescriptorFlags = 2;
/** TIOCGWINSZ, TIOCSWINSZ, FIONREAD, TCSANOW; where `c_lflag` stands, and ECHO in it. */
const numbers =
  process.platform === 'darwin'
    ? { getSize: 0x40087468, setSize: 0x80087467, readable: 0x4004667f, now: 0, localFlagsAt: 24, echo: 8 }
    : { getSize: 0x5413, setSize: 0x5414, readable: 0x541b, now: 0, localFlagsAt: 12, echo: 8 };

/** @throws ClaudexError PTY_UNAVAILABLE (no ready-made binary for this platform, damaged install) */
export function loadTtyCalls(): TtyCalls {
  const library = loadCLibrary();
  const tcgetattr = library.func('int tcgetattr(int fd, void *settings)');
  const tcsetattr = library.func('int tcsetattr(int fd, int when, const void *settings)');
  const cfmakeraw = library.func('void cfmakeraw(void *settings)');
  const ioctl = library.func('int ioctl(int fd, unsigned long request, ...)');
  const fcntl = library.func('int fcntl(int fd, int command, ...)');
  return {
    readSettings: (fd) => {
      const settings = Buffer.alloc(settingsBytes);
      return tcgetattr(fd, settings) === 0 ? settings : undefined;
    },
    writeSettings: (fd, settings) => void tcsetattr(fd, numbers.now, settings),
    rawSettings: (settings) => {
      const raw = Buffer.from(settings);
      cfmakeraw(raw);
      return raw;
    },
    readSize: (fd) => {
      const size = Buffer.alloc(8);
      if (ioctl(fd, numbers.getSize, 'void *', size) !== 0) return undefined;
      const [rows, cols, pixelWidth, pixelHeight] = new Uint16Array(size.buffer, size.byteOffset, 4);
      return { cols: cols!, rows: rows!, pixelWidth: pixelWidth!, pixelHeight: pixelHeight! };
    },
    writeSize: (fd, { cols, rows, pixelWidth, pixelHeight }) => {
      const size = Buffer.from(new Uint16Array([rows, cols, pixelWidth, pixelHeight]).buffer);
      ioctl(fd, numbers.setSize, 'void *', size);
    },
    readable: (fd) => {
      const count = Buffer.alloc(4);
      return ioctl(fd, numbers.readable, 'void *', count) === 0
        ? new Int32Array(count.buffer, count.byteOffset, 1)[0]!
        : 0;
    },
    handDown: (fd) => void fcntl(fd, setDescriptorFlags, 'int', 0),
    echoes: (settings) => (settings[numbers.localFlagsAt]! & numbers.echo) !== 0,
  };
}
