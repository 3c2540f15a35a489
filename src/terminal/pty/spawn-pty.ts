/**
 * The inner terminal: spawns a process on a pty and hands over its bytes, all of them, then how it ended.
 * The only importer of node-pty.
 */
import { constants, openSync } from 'node:fs';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { TtyCalls, TtySettings, WindowSize } from '../tty-calls.ts';
import { holdPty } from './held-pty.ts';
import type { LoadedPty } from './load-node-pty.ts';

/** Size in cells. */
export interface PtySize {
  cols: number;
  rows: number;
}

export interface PtyExit {
  /** 0–255; meaningless when `signal` is not 0. */
  code: number;
  /** Signal number that ended it, or 0. */
  signal: number;
  /** It has ended, and nobody knows how: it was not our child. */
  isUnknown?: boolean;
}

export interface Pty {
  readonly pid: number;
  /** Resolves when the process has ended and every byte it wrote has been given to `onOutput`. */
  readonly exited: Promise<PtyExit>;
  /** False when the process does not keep up: `onWritable` is called when it does again. */
  write(bytes: Buffer): boolean;
  /**
   * Keys that were typed before the process was started. The outer terminal has processed them already (echo, Enter into a
   * newline), so the inner terminal must not process them again.
   */
  typedAhead(bytes: Buffer): void;
  /** How many written bytes the process has not read yet. While the terminal edits lines, bytes of an unfinished line do not count. */
  unread(): number;
  resize(size: WindowSize): void;
  pause(): void;
  resume(): void;
  /** The descriptors of its two ends. */
  readonly ends: { master: number; slave: number };
  /** Nothing more is read, whatever `resume` says, until `thaw`: another process is to. */
  freeze(): void;
  /** What was written and has not gone yet, which is another's to write from now on. */
  takeUnwritten(): Buffer;
  /** After all it stays ours. */
  thaw(unwritten: Buffer): void;
  kill(signal: NodeJS.Signals): void;
  /** Stops waiting for output that nobody will read any more: `exited` resolves as soon as the process has ended. */
  abandonOutput(): void;
}

/** What a pty tells of itself. */
export interface PtyIo {
  /** `bytes` are overwritten by the next output, which `pause` holds back: what is to be kept must be copied. */
  onOutput: (bytes: Buffer) => void;
  onWritable: () => void;
}

export interface PtyOptions extends PtyIo {
  library: LoadedPty;
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  size: WindowSize;
  /** What the process finds its terminal set to; without, as node-pty makes it. */
  settings: TtySettings | undefined;
  calls: TtyCalls;
}

/** @throws ClaudexError NO_PSEUDO_TERMINAL */
export function spawnPty(options: PtyOptions): Pty {
  const { calls, settings, size } = options;
  const { native, helperPath } = options.library;
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  let reportExit: (exit: PtyExit) => void;
  const ended = new Promise<PtyExit>((resolve) => {
    reportExit = resolve;
  });
  const { cols, rows } = size;
  const onExit = (code: number, signal: number): void => reportExit({ code, signal });
  let child: ReturnType<typeof native.fork>;
  try {
    child = native.fork(
      options.file,
      [...options.args],
      env,
      options.cwd,
      cols,
      rows,
      -1,
      -1,
      true,
      helperPath,
      onExit,
    );
  } catch (cause) {
    throw new ClaudexError('NO_PSEUDO_TERMINAL', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  // at once: the process is still being started, and must find its terminal like the outer one; a process that was quicker
  // has made it what it wants
  const slave = openSync(child.pty, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const untouched = calls.readSettings(slave);
  if (settings && untouched && calls.echoes(untouched)) calls.writeSettings(slave, settings);
  if (size.pixelWidth > 0 || size.pixelHeight > 0) calls.writeSize(slave, size);
  const { onOutput, onWritable } = options;
  const pty = holdPty({ pid: child.pid, master: child.fd, slave, ended, settings, calls, onOutput, onWritable });
  pty.resume();
  return pty;
}
