/**
 * The inner terminal: spawns a process on a pty and hands over its bytes, all of them, then how it ended.
 * The only importer of node-pty.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import { systemErrorCode } from '../errors.ts';
import { loadNodePty } from './load-node-pty.ts';

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
  write(bytes: Buffer): void;
  resize(size: PtySize): void;
  pause(): void;
  resume(): void;
  kill(signal: NodeJS.Signals): void;
}

/** node-pty's own fields that we lean on; pinned by test/integration/pty.test.ts. */
interface NodePtyInternals {
  _socket: ReadStream;
  _emittedClose: boolean;
  ptsName: string;
}

/** Longest wait for the tail of the output when nobody reads it. */
const drainTimeoutMs = 5000;

export function spawnPty(options: {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  size: PtySize;
  onOutput: (bytes: Buffer) => void;
}): Pty {
  const child = loadNodePty().spawn(options.file, [...options.args], {
    cwd: options.cwd,
    env: options.env,
    name: options.env.TERM ?? 'dumb',
    cols: Math.max(1, options.size.cols),
    rows: Math.max(1, options.size.rows),
    encoding: null,
  });
  const internals = child as unknown as NodePtyInternals;
  // HACK: node-pty destroys the master 200 ms after the exit and with it the unread tail of a burst (76 of 390 runs,
  // facts section 7). Saying "already closed" makes it report the exit at once and destroy nothing; we hold the slave
  // open so that the kernel keeps the tail, and read up to a sentinel of our own. Remove when node-pty drains by itself.
  internals._emittedClose = true;
  const slave = openSync(internals.ptsName, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const drain = new Drain(slave, options.onOutput);
  child.onData((bytes) => drain.take(bytes));
  const exited = new Promise<PtyExit>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      void drain.finish().then(() => {
        closeSync(slave);
        internals._socket.destroy();
        resolve({ code: exitCode, signal: signal ?? 0 });
      });
    });
  });
  return {
    pid: child.pid,
    exited,
    write: (bytes) => {
      if (!internals._socket.destroyed) (internals._socket as unknown as NodeJS.WritableStream).write(bytes);
    },
    resize: ({ cols, rows }) => {
      if (cols > 0 && rows > 0 && !internals._socket.destroyed) child.resize(cols, rows);
    },
    pause: () => child.pause(),
    resume: () => child.resume(),
    kill: (signal) => {
      try {
        process.kill(child.pid, signal);
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
    },
  };
}

/** Passes output on, and after the exit finds the end of it: what stands before a sentinel we write to the slave. */
class Drain {
  readonly #slave: number;
  readonly #onOutput: (bytes: Buffer) => void;
  #sentinel: Buffer | undefined;
  /** Bytes that may be the beginning of the sentinel. */
  #held: Buffer = Buffer.alloc(0);
  #unwritten: Buffer = Buffer.alloc(0);
  #finished: (() => void) | undefined;

  constructor(slave: number, onOutput: (bytes: Buffer) => void) {
    this.#slave = slave;
    this.#onOutput = onOutput;
  }

  take(bytes: Buffer): void {
    if (!this.#sentinel) {
      this.#onOutput(bytes);
      return;
    }
    const all = Buffer.concat([this.#held, bytes]);
    const end = all.indexOf(this.#sentinel);
    const ready = end === -1 ? Math.max(0, all.length - this.#sentinel.length) : end;
    if (ready > 0) this.#onOutput(all.subarray(0, ready));
    this.#held = all.subarray(ready);
    if (end !== -1) this.#finished?.();
    else this.#writeSentinel();
  }

  /** Resolves when all output has been passed on; bounded, as a stopped outer terminal may never read it. */
  finish(): Promise<void> {
    const { randomBytes } = process.getBuiltinModule('node:crypto');
    this.#sentinel = Buffer.from(randomBytes(16).toString('hex'), 'latin1');
    this.#unwritten = this.#sentinel;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainTimeoutMs);
      this.#finished = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#writeSentinel();
    });
  }

  /** The slave's buffer may be full: the rest is written as the master is read. */
  #writeSentinel(): void {
    try {
      while (this.#unwritten.length > 0)
        this.#unwritten = this.#unwritten.subarray(writeSync(this.#slave, this.#unwritten));
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return;
      this.#finished?.(); // the terminal has been hung up: nothing more will come
    }
  }
}
