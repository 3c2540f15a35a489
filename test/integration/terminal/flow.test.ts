/** Whoever does not read is waited for: no memory grows, nothing is lost, and signals are still heard. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaudeAlone } from '../../support/claude-wrapper.ts';
import { startClaudex } from '../../support/claudex.ts';
import { childPids } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 50_000 };

describe('a side that does not read', () => {
  const bed = useTestBed();

  it(`claude: a paste of 10 MB waits in the terminal, and arrives whole and in order ${verifies('terminal-flow')}`, async () => {
    const home = bed.home();
    const paste = randomBytes(10_000_000);
    const env = withClaudeAlone(home, 'late-reader.mjs', { EXPECT_BYTES: String(paste.length) });
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForScreen('ready', patient);
    driver.write(paste);
    // each of these is seen by claudex between two readings of the terminal, of 64 KB at most
    for (let cols = 60; cols < 85; cols++) {
      driver.resize(cols, 20);
      await driver.waitForScreen(`size ${cols}x20`, patient);
    }
    expect(bytesRead(driver.pid)).toBeLessThan(1_500_000);
    process.kill(childPids(driver.pid)[0]!, 'SIGUSR2');
    await driver.waitForScreen(/read 10000000 \w{64}/, patient);
    expect(driver.screen().replaceAll('\n', '')).toContain(createHash('sha256').update(paste).digest('hex'));
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });

  it(`the terminal: claude is held up, hears its keys, and nothing is lost ${verifies('terminal-flow')}`, async () => {
    const home = bed.home();
    const keysFile = join(home.root, 'keys');
    const flood = 60_000_000;
    const env = withClaudeAlone(home, 'flood.mjs', { FLOOD_BYTES: String(flood), KEYS_FILE: keysFile });
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForOutput('ready', patient);
    const goOn = driver.stopReading();
    for (let count = 1; count <= 30; count++) {
      driver.type('k');
      await waitForFile(keysFile, (text) => text?.length === count, patient);
    }
    expect(driver.rawOutput().length).toBeLessThan(flood / 2);
    expect(residentMb(driver.pid)).toBeLessThan(100);
    goOn();
    expect(await driver.waitForExit(patient)).toEqual({ code: 5, signal: null });
    const output = driver.rawOutput();
    const start = output.indexOf('ready ') + 'ready '.length;
    expect(output.length - start).toBe(flood);
    expect(numbersInOrder(output.subarray(start))).toBe(true);
  });

  it(`the terminal: a signal is heard, and ends claudex after its grace ${verifies('terminal-flow', 'terminal-exit')}`, async () => {
    const home = bed.home();
    const keysFile = join(home.root, 'keys');
    const env = withClaudeAlone(home, 'flood.mjs', { FLOOD_BYTES: '60000000', KEYS_FILE: keysFile });
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForOutput('ready', patient);
    driver.stopReading();
    driver.type('k');
    await waitForFile(keysFile, (text) => text === 'k', patient);
    driver.kill('SIGTERM');
    expect(await driver.waitForExit(patient)).toEqual({ code: null, signal: 15 });
    expect(driver.rawOutput().length).toBeLessThan(30_000_000);
  });

  it(`Ctrl-S and Ctrl-Q reach claude's terminal, and what was stopped comes whole ${verifies('terminal-flow')}`, async () => {
    const home = bed.home();
    const driver = startClaudex([], { cwd: home.cwd, env: withClaudeAlone(home, 'answers-lines.mjs') });
    await driver.waitForScreen('ready', patient);
    driver.write('\x13first\r');
    driver.write('\x11');
    await driver.waitForScreen('ANSWER first', patient);
    // stopped at the end: the last words come all the same
    driver.write('\x13end\r');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });
});

/** Bytes that a process has read from everything, since its start. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Each number of `flood.mjs` says where it stands. */
function numbersInOrder(output: Buffer): boolean {
  for (let at = 0; at + 8 <= output.length; at += 8) {
    if (Number(output.toString('latin1', at, at + 7)) !== at % 10_000_000) return false;
  }
  return true;
}
