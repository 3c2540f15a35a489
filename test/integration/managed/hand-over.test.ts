/** A session is handed over while its program writes and reads as fast as it can: every byte arrives once, in both directions. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceFile } from '../../../src/home/replace-file.ts';
import { verifies } from '../../requirements.ts';
import { withClaude } from '../../support/claude-wrapper.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 50_000 };
/** 20 MB. */
const lines = 200_000;
/** Fewer than a host keeps above the screen, so that whoever attaches sees all that nobody has acknowledged. */
const ahead = 3000;

/** The numbers of the lines in what a terminal has been given. */
function numbersIn(output: Buffer): number[] {
  return [...output.toString('latin1').matchAll(/line (\d{7}) \.{85}/g)].map((match) => Number(match[1]));
}

describe('a session that is handed over', () => {
  const bed = useTestBed();

  it(`in a flood of 20 MB: every line arrives once, and so does every key ${verifies('hand-over')}`, async () => {
    const home = bed.home();
    const keysFile = join(home.root, 'keys');
    const acknowledgedFile = join(home.root, 'acknowledged');
    writeFileSync(acknowledgedFile, '0');
    const env = withClaude(home, 'acknowledged-lines.mjs', {
      LINES_TO_WRITE: String(lines),
      AHEAD: String(ahead),
      KEYS_FILE: keysFile,
      ACKNOWLEDGED_FILE: acknowledgedFile,
    });
    const own = startClaudex([], { cwd: home.cwd, env });
    const { id } = await waitForSessionRecord(home, (one) => one.supervised);
    /** Acknowledges what that terminal shows; ends at that line, or when `leaves` has come. */
    const follow = async (driver: PtyDriver, wanted: number, leaves?: Promise<unknown>): Promise<void> => {
      let hasLeft = false;
      void leaves?.then(() => {
        hasLeft = true;
      });
      for (let seen = 0; seen < wanted && !hasLeft; ) {
        await new Promise((resolve) => setImmediate(resolve));
        const now = lastLine(driver);
        if (now > seen) replaceFile(acknowledgedFile, String(now), { flush: false });
        seen = Math.max(seen, now);
      }
    };
    await follow(own, 60_000);
    own.type('typed in the terminal;');
    await until(() => readFileSync(keysFile, 'latin1') === 'typed in the terminal;', patient);
    // the flood goes on until claudex has let go of it
    const detached = runClaudex(['detach', id], { cwd: home.cwd, env });
    await follow(own, lines, own.exit);
    expect(await detached).toMatchObject({ code: 0 });
    expect(await own.waitForExit(patient)).toEqual({ code: 0, signal: null });
    const before = numbersIn(own.rawOutput());
    expect(before.at(-1)).toBeLessThan(lines);

    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env });
    await viewer.waitForScreen(/line \d{7}/, patient);
    viewer.type('typed in the viewer;');
    await follow(viewer, lines);
    const after = numbersIn(viewer.rawOutput());
    await until(() => readFileSync(keysFile, 'latin1') === 'typed in the terminal;typed in the viewer;', patient);
    viewer.type('q');
    await viewer.waitForExit(patient);

    const shown = [...before, ...after.filter((number) => number > before.at(-1)!)];
    expect(after[0]).toBeLessThanOrEqual(before.at(-1)! + 1);
    expect(shown).toHaveLength(lines);
    expect(shown.every((number, index) => number === index + 1)).toBe(true);
    // the viewer has seen each once as well: its picture, then what followed
    expect(after.every((number, index) => number === after[0]! + index)).toBe(true);
  }, 240_000);

  it(`with keys that its program has not read: they come first, whole and in order ${verifies('hand-over')}`, async () => {
    const home = bed.home();
    const paste = randomBytes(60_000);
    const more = randomBytes(40_000).toString('hex');
    const expected = Buffer.concat([paste, Buffer.from(more)]);
    const env = withClaude(home, 'late-reader.mjs', { EXPECT_BYTES: String(expected.length) });
    const own = startClaudex([], { cwd: home.cwd, env, cols: 90, rows: 20 });
    await own.waitForScreen('ready', patient);
    const { id, pid } = await waitForSessionRecord(home, (one) => one.supervised);
    const readBefore = bytesRead(own.pid);
    own.write(paste);
    // claudex has taken all of it: what the program's terminal has no room for waits in claudex
    own.resize(91, 20);
    await own.waitForScreen('size 91x20', patient);
    await until(() => bytesRead(own.pid) - readBefore >= paste.length, patient);
    expect(await runClaudex(['detach', id], { cwd: home.cwd, env })).toMatchObject({ code: 0 });
    await own.waitForExit(patient);
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env, cols: 91, rows: 20 });
    await viewer.waitForScreen('size 91x20', patient);
    viewer.type(more);
    await until(async () => (await daemonClient(home).managed())[0]?.viewers === 1, patient);
    process.kill(pid, 'SIGUSR2');
    await viewer.waitForScreen(/read \d+ \w{64}/, patient);
    expect(viewer.screen().replaceAll('\n', '')).toContain(
      `read ${expected.length} ${createHash('sha256').update(expected).digest('hex')}`,
    );
    await viewer.waitForExit(patient);
  });
});

/** What that process has read in its life, of files and terminals. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}

function lastLine(driver: PtyDriver): number {
  return Number(
    driver
      .screen()
      .match(/line \d{7}/g)
      ?.at(-1)
      ?.slice(-7) ?? 0,
  );
}
