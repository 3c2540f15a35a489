/** Claude's output goes straight to the terminal again once nobody has looked for ten seconds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connectHost } from '../../../src/host-client/host-connection.ts';
import { frameKinds } from '../../../src/protocol/frames.ts';
import type { ClaudeOnPty } from '../../../src/runner/claude-on-pty.ts';
import { OutputRelay } from '../../../src/supervisor/output-relay.ts';
import type { LocalTty } from '../../../src/terminal/local-tty.ts';
import { OutputRing } from '../../../src/terminal/output-ring.ts';
import { TerminalModes } from '../../../src/terminal/terminal-modes.ts';
import { verifies } from '../../requirements.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const size = { cols: 40, rows: 10, pixelWidth: 0, pixelHeight: 0 };

/** A relay between a claude and a terminal that are only said to be there. */
function aRelay() {
  const ring = new OutputRing(size);
  const viewers: number[] = [];
  const claude = {
    ring,
    pty: { pid: 1, pause: () => undefined, resume: () => undefined },
    writable: { add: () => undefined },
    type: () => undefined,
    resize: () => undefined,
    viewedBy: (count: number) => viewers.push(count),
  } as unknown as ClaudeOnPty;
  const written: Buffer[] = [];
  const tty = {
    modes: new TerminalModes(),
    isWaiting: false,
    flushed: async () => undefined,
    size: () => size,
    write: (bytes: Buffer) => {
      written.push(bytes);
      return true;
    },
  } as unknown as LocalTty;
  const relay = new OutputRelay({ claude, tty, cwd: '/' });
  const output = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    relay.output(bytes);
    ring.output(bytes);
    return bytes;
  };
  return { relay, output, written, viewers };
}

/** The model draws in turns of its own, which come by timers: they are let come, a millisecond at a time. */
async function untilDrawn(holds: () => boolean): Promise<void> {
  await until(async () => {
    await vi.advanceTimersByTimeAsync(1);
    return holds();
  });
}

async function drawn(work: Promise<void>): Promise<void> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  await untilDrawn(() => isDone);
}

it(`goes straight to the terminal again ten seconds after the last viewer has left, and not much before ${verifies('ordinary-attach')}`, async () => {
  const socketPath = join(temporaryFolder(), 'viewers.sock');
  const { relay, output, written, viewers } = aRelay();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  /** The very bytes of claude, not a copy that has gone through the model. */
  const isRaw = (text: string): boolean => written.includes(output(text));
  expect(isRaw('before')).toBe(true);
  await drawn(relay.share('an-id', socketPath));
  const viewer = await connectHost(socketPath, { kind: 'terminal', readOnly: true, size });
  const kinds: number[] = [];
  viewer.on('data', (chunk: Buffer) => kinds.push(chunk[4]!));
  await untilDrawn(() => kinds.length > 0);
  expect(kinds[0]).toBe(frameKinds.welcome);
  expect(isRaw('seen by both')).toBe(false);
  // longer than it lingers, and before the first ping
  vi.advanceTimersByTime(14_000);
  expect(isRaw('still seen by both')).toBe(false);
  viewer.destroy();
  await untilDrawn(() => viewers.at(-1) === 0);
  await drawn(relay.flushed());
  vi.advanceTimersByTime(9000);
  expect(isRaw('somebody may come back')).toBe(false);
  await drawn(relay.flushed());
  vi.advanceTimersByTime(1000);
  expect(isRaw('nobody looks')).toBe(true);
  expect(existsSync(socketPath)).toBe(false);
  expect(Buffer.concat(written).toString()).toContain('somebody may come back');
});
