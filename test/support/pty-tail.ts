/** node-pty for the terminal driver, made to give up every byte that a program wrote before its exit. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The part of node-pty used here; its own types name another module (it is installed under an alias). */
export interface Pty {
  pid: number;
  write(data: string | Buffer): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
  onData(listener: (chunk: Buffer) => void): void;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void;
}

const nodePty = createRequire(import.meta.url)('node-pty') as {
  spawn(
    file: string,
    args: string[],
    options: { name: string; cwd: string; env: Record<string, string>; cols: number; rows: number; encoding: null },
  ): Pty;
};

/** Starts a program in a PTY; output comes as bytes. */
export const spawnPty = nodePty.spawn;

/** The end of a program's output, and its terminal after the exit. */
export interface HeldTail {
  /** The program's side of the terminal, held open by us. */
  readonly slave: number;
  read(chunk: Buffer, accept: (chunk: Buffer) => void): void;
  /** Calls `done` after everything the program wrote has been accepted. */
  drain(accept: (chunk: Buffer) => void, done: () => void): void;
  ttyFlags(): string;
  close(): void;
}

/**
 * HACK: node-pty loses the tail of a burst when the program exits right after it, and reports the exit before the output
 * has ended. So we hold the slave side open, write an end mark into it once the program is gone, and read up to the mark.
 * Remove when node-pty drains the master before its exit event (https://github.com/microsoft/node-pty/issues/72).
 */
export function holdOpen(pty: Pty): HeldTail {
  const internals = pty as unknown as {
    ptsName: string;
    _emittedClose: boolean;
    _socket: { destroy(): void; on(event: 'error', listener: () => void): void };
  };
  const slave = openSync(internals.ptsName, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  // Makes node-pty report the exit at once instead of waiting 200 ms for a close that we hold back.
  internals._emittedClose = true;
  // EIO is expected once the terminal is closed.
  internals._socket.on('error', () => {});
  const mark = Buffer.from(`\x1b]drained-${randomBytes(8).toString('hex')}\x07`, 'latin1');
  let draining: { held: Buffer; finish: () => void; tryMark: () => void } | undefined;
  let open = true;

  return {
    slave,
    read: (chunk, accept) => {
      if (!draining) {
        accept(chunk);
        return;
      }
      draining.held = Buffer.concat([draining.held, chunk]);
      draining.tryMark();
      if (draining.held.includes(mark)) draining.finish();
    },
    drain: (accept, done) => {
      let marked = false;
      let finished = false;
      const state = {
        held: Buffer.alloc(0),
        tryMark: () => {
          if (marked) return;
          try {
            marked = writeSync(slave, mark) === mark.length;
          } catch {
            // EAGAIN: the terminal's buffer is full and the next read makes room. EIO (macOS): hung up, the timer ends it.
          }
        },
        finish: () => {
          if (finished) return;
          finished = true;
          clearTimeout(timer);
          draining = { held: Buffer.alloc(0), finish: () => {}, tryMark: () => {} };
          const end = state.held.indexOf(mark);
          const rest = end < 0 ? state.held : state.held.subarray(0, end);
          if (rest.length > 0) accept(rest);
          done();
        },
      };
      const timer = setTimeout(() => state.finish(), 2000);
      draining = state;
      state.tryMark();
    },
    ttyFlags: () => {
      const result = spawnSync('stty', ['-a'], { stdio: [slave, 'pipe', 'pipe'], encoding: 'utf8' });
      if (result.status !== 0) throw new Error(`stty -a: ${result.stderr}`);
      return result.stdout;
    },
    close: () => {
      if (!open) return;
      open = false;
      closeSync(slave);
      internals._socket.destroy();
    },
  };
}
