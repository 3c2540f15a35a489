/** A terminal whose process runs, held by its two ends: what goes in and out, its size, its end. Who started the process is all one. */
import { closeSync } from 'node:fs';
import { systemErrorCode } from '../../errors/claudex-error.ts';
import type { TtyCalls, TtySettings } from '../tty-calls.ts';
import { createTtyReader } from '../tty-reader.ts';
import { Drain } from './output-end.ts';
import { PtyWriter } from './pty-writer.ts';
import type { Pty, PtyExit, PtyIo } from './spawn-pty.ts';

/**
 * Most that a pty gives out in one read on Linux. libuv reads on for as long as it gets a full buffer: with a larger one each
 * page costs a round of the event loop, and gathering pages before they are written keeps the terminal waiting (measured).
 */
const pageBytes = 4095;

/** What has not been taken by the terminal after so long is echoed. */
const maxTakenMs = 50;

export interface HeldPtyOptions extends PtyIo {
  pid: number;
  master: number;
  slave: number;
  /** Its process has ended. */
  ended: Promise<PtyExit>;
  /** What the process found its terminal set to, where that was somebody's choice. */
  settings: TtySettings | undefined;
  calls: TtyCalls;
}

/** Reads nothing before `resume`. */
export function holdPty(options: HeldPtyOptions): Pty {
  const { pid, master: fd, slave, ended, settings, calls } = options;
  const writer = new PtyWriter(fd, options.onWritable);
  const drain = new Drain(slave, options.onOutput);
  let abandoned = false;
  let hasEnded = false;
  let isFrozen = false;
  const page = Buffer.allocUnsafeSlow(pageBytes);
  const master = createTtyReader(fd, page, (length) => drain.take(page.subarray(0, length)));
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
    pid,
    exited,
    ends: { master: fd, slave },
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
    resume: () => {
      if (!isFrozen) master.resume();
    },
    freeze: () => {
      isFrozen = true;
      master.pause();
    },
    takeUnwritten: () => writer.takeWaiting(),
    thaw: (unwritten) => {
      isFrozen = false;
      writer.goOn(unwritten);
      master.resume();
    },
    kill: (signal) => {
      // its number may be another process's by now
      if (hasEnded) return;
      try {
        process.kill(pid, signal);
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
