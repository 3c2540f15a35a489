/** `claudex demo` is the first thing a stranger runs: it works, says so, and leaves nothing behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startClaudex } from '../../support/claudex.ts';
import { claudexBin } from '../../support/claudex-bin.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { type RunResult, run } from '../../support/run-command.ts';
import { standIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe('claudex demo', () => {
  useTestBed();
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'cxt-demo-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** As a user's shell would have it: a HOME that nothing may be written to, and no claude of its own. */
  function userEnv(extra: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: [join(process.execPath, '..'), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      HOME: home,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      ...extra,
    };
  }

  function demo(args: string[] = [], env = userEnv()): Promise<RunResult> {
    return run(process.execPath, [claudexBin, 'demo', ...args], { env, timeoutMs: 150_000 });
  }

  /** The demo's temporary folders on this machine. */
  function demoFolders(): string[] {
    return readdirSync('/tmp').filter((name) => name.startsWith('cxd-'));
  }

  /** No folder of the demo's, and no process that lives in one; other checkouts may run demos of their own. */
  function expectNothingLeft(before: string[]): void {
    expect(demoFolders().filter((name) => !before.includes(name))).toEqual([]);
    const pids = processesWithEnvironment(['HOME=/tmp/cxd-']);
    const others = before.length === 0 ? [] : processesWithEnvironment(before.map((name) => `HOME=/tmp/${name}`));
    expect(pids.filter((pid) => !others.includes(pid))).toEqual([]);
  }

  it('has one session answer a task sent from the other, on the real claude, and cleans up', async () => {
    const before = demoFolders();
    const result = await demo();
    expect(result.stderr).toBe('');
    expect(result.stdout).toContain('the real claude');
    expect(result.stdout).toContain('Two are still to be run: 014_add_orders and 015_index_orders.');
    expect(result.stdout).toMatch(/│❯ which migrations are still to be run\?/);
    expect(result.stdout).toMatch(/│ {2}\[claudex m\w{15} from the user’s shell in ~\/web/);
    expect(result.stdout).toMatch(/\[\w{8} · 1 peer\]/);
    expect(result.stdout).toContain('✓ The task was answered.');
    expect(result.stdout).not.toContain('\x1b');
    expect(result.code).toBe(0);
    expect(readdirSync(home)).toEqual([]);
    expectNothingLeft(before);
  });

  it('does the same with the stand-in, and says that it is one', async () => {
    const result = await demo(['--stand-in']);
    expect(result.stdout).toContain('a small stand-in for claude');
    expect(result.stdout).toContain('✓ The task was answered.');
    expect(result.code).toBe(0);
    expect(readdirSync(home)).toEqual([]);
  });

  it('says what it saw when the sessions do not start, and exits 1', async () => {
    const before = demoFolders();
    const bin = join(home, 'bin');
    mkdirSync(bin);
    const broken = join(bin, 'claude');
    writeFileSync(broken, '#!/bin/sh\n[ "$1" = --version ] && echo 9.9.9 && exit 0\necho no licence\nexit 3\n', {
      mode: 0o755,
    });
    const result = await demo([], userEnv({ CLAUDEX_CLAUDE_BIN: broken }));
    expect(result.stdout).toContain('the real claude 9.9.9');
    expect(result.stdout).toContain('no licence');
    expect(result.stdout).toContain('exit code 3');
    expect(result.code).toBe(1);
    expectNothingLeft(before);
  });

  it('takes everything down on Ctrl-C', async () => {
    const before = demoFolders();
    // a claude that does not answer: the demo cannot be over before the key is pressed
    const slow = standIn(home, { turns: [{ afterMs: 600_000 }] }, 'claude');
    const driver = startClaudex(['demo'], { cwd: home, env: userEnv({ CLAUDEX_CLAUDE_BIN: slow }), rows: 60 });
    await driver.waitForScreen('3. From the web folder');
    driver.key('ctrl-c');
    expect(await driver.waitForExit()).toEqual({ code: 130, signal: null });
    expect(driver.screen()).toContain('Interrupted (SIGINT)');
    expect(driver.rawOutput().toString()).toContain('\x1b[1m');
    expect(readdirSync(home)).toEqual(['claude', 'claude.json']);
    expectNothingLeft(before);
  });
});
