/** A pty by itself: its one page of output, which is overwritten by the next, and its end. */
import { closeSync, writeSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { isStopped } from '../../../src/process/identity.ts';
import { loadNodePty } from '../../../src/terminal/pty/load-node-pty.ts';
import { Drain } from '../../../src/terminal/pty/output-end.ts';
import { type Pty, spawnPty } from '../../../src/terminal/pty/spawn-pty.ts';
import { loadTtyCalls } from '../../../src/terminal/tty-calls.ts';
import { verifies } from '../../requirements.ts';
import { openPty } from '../../support/open-pty.ts';
import { registerProcess, registerResource } from '../../support/resources.ts';
import { useTestBed } from '../../support/test-bed.ts';

const library = loadNodePty();
const calls = loadTtyCalls();

describe('a pty', () => {
  const bed = useTestBed();

  function start(script: string, onOutput: (bytes: Buffer, pty: Pty) => void): Pty {
    const home = bed.home();
    const pty = spawnPty({
      library,
      file: '/bin/sh',
      args: ['-c', script],
      cwd: home.cwd,
      env: home.env(),
      size: { cols: 80, rows: 24, pixelWidth: 0, pixelHeight: 0 },
      settings: undefined,
      calls,
      onOutput: (bytes) => onOutput(bytes, pty),
      onWritable: () => undefined,
    });
    registerProcess(pty.pid, script);
    registerResource({
      label: script,
      dispose: async () => {
        pty.resume();
        pty.abandonOutput();
        pty.kill('SIGKILL');
        await pty.exited;
      },
    });
    return pty;
  }

  /** Numbers from 1, a line each, as `seq` writes them on a raw terminal. */
  const numbers = (count: number): string => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');

  it(`knows what its process has not read yet ${verifies('exactly-once')}`, async () => {
    let output = '';
    const pty = start(
      'stty raw -echo; printf ready; kill -STOP $$; head -c 3; printf done; exec sleep 600',
      (bytes) => {
        output += bytes.toString('latin1');
      },
    );
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(() => output === 'ready');
    expect(pty.unread()).toBe(0);
    pty.write(Buffer.from('abcde'));
    await until(() => pty.unread() === 5);
    await until(() => isStopped(pty.pid));
    pty.kill('SIGCONT');
    await until(() => output === 'readyabcdone');
    expect(pty.unread()).toBe(2);
    pty.kill('SIGKILL');
    await pty.exited;
    expect(pty.unread()).toBe(0);
  });

  it(`leaves its output alone while it is paused, and loses none of it ${verifies('terminal-bytes', 'terminal-flow')}`, async () => {
    let taken = '';
    let overwritten = 0;
    const pty = start('stty raw -echo; seq 200000', (bytes, of) => {
      of.pause();
      const asItCame = Buffer.from(bytes);
      // a page may be read in the same round of the event loop, and in the next
      setImmediate(() =>
        setImmediate(() => {
          if (!asItCame.equals(bytes)) overwritten++;
          taken += bytes.toString('latin1');
          of.resume();
        }),
      );
    });
    expect(await pty.exited).toEqual({ code: 0, signal: 0 });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(overwritten).toBe(0);
    expect(taken === numbers(200_000)).toBe(true);
  });

  it(`goes on when it is paused and resumed while it gives out a page ${verifies('terminal-bytes')}`, async () => {
    let taken = '';
    const pty = start('stty raw -echo; seq 200000', (bytes, of) => {
      taken += bytes.toString('latin1');
      of.pause();
      of.resume();
    });
    await pty.exited;
    expect(taken === numbers(200_000)).toBe(true);
  });

  it(`has ended only when everything has been given out, however long that is paused ${verifies('terminal-bytes', 'terminal-flow')}`, async () => {
    let taken = '';
    let ended = false;
    const pty = start('stty raw -echo; printf begin; read line; seq 300; exit 7', (bytes, of) => {
      taken += bytes.toString('latin1');
      if (taken !== 'begin') return;
      of.pause();
      of.write(Buffer.from('\n'));
    });
    void pty.exited.then(() => {
      ended = true;
    });
    await processIsGone(pty.pid);
    for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
    expect([ended, taken]).toEqual([false, 'begin']);
    pty.resume();
    expect(await pty.exited).toEqual({ code: 7, signal: 0 });
    expect(taken).toBe(`begin${numbers(300)}`);
  });

  it.each(['before', 'after'])(`is given up by abandonOutput %s its end ${verifies('terminal-flow')}`, async (when) => {
    const pty = start('stty raw -echo; printf begin; read line; seq 300', (_, of) => {
      of.pause();
      if (when === 'before') of.abandonOutput();
      of.write(Buffer.from('\n'));
    });
    await processIsGone(pty.pid);
    if (when === 'after') pty.abandonOutput();
    expect(await pty.exited).toEqual({ code: 0, signal: 0 });
  });

  it(`ends also when another program goes on writing into it ${verifies('terminal-exit')}`, async () => {
    let isFirst = true;
    const pty = start("trap '' HUP; stty raw -echo; yes & echo $!; read line; exit 7", (_, of) => {
      if (!isFirst) return;
      isFirst = false;
      of.pause();
      of.write(Buffer.from('\n'));
    });
    await processIsGone(pty.pid);
    pty.resume();
    expect(await pty.exited).toEqual({ code: 7, signal: 0 });
  });

  it(`has given out all of its own when more has come than it holds ${verifies('terminal-exit', 'terminal-bytes')}`, async () => {
    const { master, slave } = openPty();
    const page = Buffer.alloc(4095, 'another program, which leaves no room for the end mark\n');
    fill(slave, page);
    let taken = 0;
    const drain = new Drain(slave, (bytes) => {
      taken += bytes.length;
    });
    const finished = drain.finish();
    for (let pages = 0; pages < 40; pages++) drain.take(page);
    await finished;
    expect(taken).toBeGreaterThan(128 * 1024);
    closeSync(master);
    closeSync(slave);
  });

  it(`gets no signal any more when it has ended ${verifies('terminal-exit')}`, async () => {
    const pty = start('exit 0', () => undefined);
    await processIsGone(pty.pid);
    await pty.exited;
    const kill = vi.spyOn(process, 'kill');
    pty.kill('SIGCONT');
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });
});

/** Writes until there is no room. */
function fill(fd: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(fd, bytes);
  } catch {
    // expected: EAGAIN
  }
}

/** Ended and reaped. */
async function processIsGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return; // expected: no such process
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
