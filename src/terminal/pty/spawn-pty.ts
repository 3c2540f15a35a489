/**
 * The inner terminal: spawns a process on a pty and hands over its bytes, all of them, then how it ended.
 * The only importer of node-pty.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import type { TtyCalls, TtySettings, WindowSize } from '../tty-calls.ts';
import { createTtyReader } from '../tty-reader.ts';
import type { LoadedPty } from './load-node-pty.ts';
import { Drain } from './output-end.ts';
import { PtyWriter } from './pty-writer.ts';

/**
 * Most that a pty gives out in one read on Linux. libuv reads on for as long as it gets a full buffer: with a larger one each
 * page costs a round of the event loop, and gathering pages before they are written keeps the terminal waiting (measured).
 */
const pageBytes = 4095;

/** What has not been taken by the terminal after so long is echoed. */
const maxTakenMs = 50;

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
  const writer = new PtyWriter(child.fd, options.onWritable);
  const drain = new Drain(slave, options.onOutput);
  let abandoned = false;
  let hasEnded = false;
  const page = Buffer.allocUnsafeSlow(pageBytes);
  const master = createTtyReader(child.fd, page, (length) => drain.take(page.subarray(0, length)));
  master.resume();
  const abandonOutput = (): void => {
    abandoned = true;
    drain.abandon();
  };
  // EIO: hung up; the exit follows
  master.on('error', abandonOutput);
  const exited = ended.then(async (exit) => {
    hasEnded = true;
    // lifts a Ctrl-S, which would hold back the sentinel as well
    if (settings) calls.writeSettings(slave, calls.rawSettings(settings));
    const finished = drain.finish();
    if (abandoned) drain.abandon();
    await finished;
    writer.close();
    master.destroy();
    closeSync(slave);
    return exit;
  });
  return {
    pid: child.pid,
    exited,
    write: (bytes) => writer.write(bytes),
    typedAhead: (bytes) => {
      const found = calls.readSettings(slave);
      const takes = found !== undefined && calls.echoes(found);
      if (takes) calls.writeSettings(slave, calls.rawSettings(found));
      writer.write(bytes);
      if (!takes) return;
      // the kernel hands them over in its own time, and as the settings are then
      for (let ms = 0; ms < maxTakenMs && calls.readable(slave) < bytes.length; ms++) sleepMs(1);
      calls.writeSettings(slave, found);
    },
    unread: () => (hasEnded ? 0 : writer.waiting + calls.readable(slave)),
    resize: (next) => {
      if (!master.destroyed) calls.writeSize(slave, next);
    },
    pause: () => master.pause(),
    resume: () => master.resume(),
    kill: (signal) => {
      // its number may be another process's by now
      if (hasEnded) return;
      try {
        process.kill(child.pid, signal);
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
    },
    abandonOutput,
  };
}

function sleepMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
