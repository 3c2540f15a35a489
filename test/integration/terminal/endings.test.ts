/** However claudex ends, the terminal is as it was found and nobody lingers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaudeAlone } from '../../support/claude-wrapper.ts';
import { startClaudex } from '../../support/claudex.ts';
import { childPids } from '../../support/processes.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { registerProcess } from '../../support/resources.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { untouchedTtyFlags } from '../../support/untouched-tty-flags.ts';

const patient = { timeoutMs: 40_000 };

describe('endings', () => {
  const bed = useTestBed();

  /** A full-screen program that has set every mode there is, its flags before, and its pid. */
  async function startFullScreen(
    extra: Record<string, string> = {},
  ): Promise<{ driver: PtyDriver; flags: string; claude: number }> {
    const home = bed.home();
    const env = withClaudeAlone(home, 'dies-in-alt-screen.mjs', { DIE_OF: 'nothing', ...extra });
    // before claudex's: node-pty hands the terminals it holds down to the next, which would keep a closed window open
    const flags = await untouchedTtyFlags(home);
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForOutput('in the alternate screen', patient);
    const claude = childPids(driver.pid)[0]!;
    // the leak check sees to it that it does not outlive claudex
    registerProcess(claude, 'claude of the test');
    return { driver, flags, claude };
  }

  function expectAsFound(driver: PtyDriver, flags: string): void {
    expect(driver.ttyFlags()).toBe(flags);
    expect(driver.inAlternateScreen()).toBe(false);
    expect(driver.modes()).toEqual({
      bracketedPaste: false,
      applicationCursorKeys: false,
      mouseTracking: 'none',
      sendFocus: false,
    });
    const raw = driver.rawOutput().toString('latin1');
    const undo = raw.slice(raw.indexOf('in the alternate screen'));
    for (const sequence of [
      '\x1b[?25h',
      '\x1b[<1u',
      '\x1b[>4;0m',
      '\x1b[?7h',
      '\x1b[r',
      '\x1b(B',
      '\x1b>',
      '\x1b[0m',
    ]) {
      expect(undo).toContain(sequence);
    }
  }

  it.each([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGQUIT', 3],
    ['SIGTERM', 15],
    ['SIGALRM', 14],
  ] as const)(
    `%s to claudex goes to claude, and its death is mirrored ${verifies('terminal-exit', 'terminal-restored')}`,
    async (name, signal) => {
      const { driver, flags } = await startFullScreen();
      driver.kill(name);
      expect(await driver.waitForExit(patient)).toEqual({ code: null, signal });
      expectAsFound(driver, flags);
    },
  );

  it.each(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const)(
    `%s to claude ${verifies('terminal-exit', 'terminal-restored')}`,
    async (name) => {
      const { driver, flags, claude } = await startFullScreen();
      process.kill(claude, name);
      expect((await driver.waitForExit(patient)).code).toBe(null);
      expectAsFound(driver, flags);
    },
  );

  it(`an exit with modes left on ${verifies('terminal-restored', 'terminal-exit')}`, async () => {
    const { driver, flags, claude } = await startFullScreen({ EXIT_CODE: '9' });
    process.kill(claude, 'SIGUSR2');
    expect(await driver.waitForExit(patient)).toEqual({ code: 9, signal: null });
    expectAsFound(driver, flags);
  });

  it(`a bug of claudex: the terminal first, then claude, then the words ${verifies('terminal-restored')}`, async () => {
    const home = bed.home();
    const bug = join(home.root, 'bug.cjs');
    writeFileSync(
      bug,
      "if (process.argv[1]?.endsWith('claudex.js')) process.on('SIGUSR2', () => { throw new Error('planted') });",
    );
    const { driver, flags } = await startFullScreen({ NODE_OPTIONS: `--require ${bug}` });
    driver.kill('SIGUSR2');
    expect(await driver.waitForExit(patient)).toEqual({ code: 1, signal: null });
    expectAsFound(driver, flags);
    expect(driver.screen()).toMatch(/claudex itself failed\. planted/);
    expect(driver.screen()).toContain('Fix: please report it');
  });

  it(`kill -9 of claudex hangs claude up ${verifies('terminal-exit')}`, async () => {
    const { driver } = await startFullScreen();
    driver.kill('SIGKILL');
    // claude's end is checked by the leak check
    expect(await driver.waitForExit(patient)).toEqual({ code: null, signal: 9 });
  });

  it(`a closed window ends both ${verifies('terminal-exit')}`, async () => {
    const { driver } = await startFullScreen();
    registerProcess(driver.pid, 'claudex of the test');
    driver.closeWindow();
    await driver.exit;
  });
});
