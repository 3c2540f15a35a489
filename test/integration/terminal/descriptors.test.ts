/** Files that whoever starts claudex has left open: those that claude is told of reach it, none stays open in the background. */
import { chmodSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { claudexBin, fixture, runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
}

describe('open files', () => {
  const bed = useTestBed();

  /** A claude that prints what is in the files it is told of. */
  function withReader(home: HermeticHome, extra: Record<string, string> = {}): Record<string, string> {
    const path = join(home.root, 'reads-its-files');
    writeFileSync(
      path,
      `#!/bin/sh\nfor word; do case $word in *=/*) word=\${word#*=};; esac; case $word in /*) cat "$word";; esac; done\n`,
    );
    chmodSync(path, 0o755);
    return { ...home.env(), CLAUDEX_CLAUDE_BIN: path, BIN: claudexBin, NODE: process.execPath, ...extra };
  }

  // `<(…)` is named /dev/fd/63 by bash, /dev/fd/11 by zsh: Node keeps the second kind to itself
  const words = '--mcp-config /dev/fd/11 --add-dir=/proc/self/fd/12 --agents=/dev/fd/41';
  const script = `exec 11< <(echo first) 12< <(echo second) 41< <(echo third); exec "$NODE" "$BIN"`;

  it(`that the arguments name can be read by claude, in a terminal ${verifies('passthrough')}`, async () => {
    const home = bed.home();
    // its home is a file: no daemon is started
    writeFileSync(join(home.root, 'a-file'), '');
    const env = withReader(home, { CLAUDEX_HOME: join(home.root, 'a-file') });
    const driver = startInPty('bash', ['-c', `${script} ${words}`], { cwd: home.cwd, env });
    expect(await driver.waitForExit({ timeoutMs: 40_000 })).toEqual({ code: 0, signal: null });
    expect(driver.screen().trim().split('\n')).toEqual(['first', 'second', 'third']);
  });

  it(`that the arguments name can be read by claude, without one ${verifies('passthrough')}`, async () => {
    const home = bed.home();
    const { stdout } = await run('bash', ['-c', `${script} -p ${words}`], { cwd: home.cwd, env: withReader(home) });
    expect(stdout).toBe('first\nsecond\nthird\n');
  });

  it(`stay in nobody's background: a lock that a script holds is free when the script has ended ${verifies('clean-descriptors')}`, async () => {
    const home = bed.home();
    const env = withReader(home, { CLAUDEX_CLAUDE_BIN: fixture('fake-stream-claude.mjs') });
    const lock = join(home.root, 'lock');
    const asked = await run('bash', ['-c', `exec 200>'${lock}'; "$NODE" "$BIN" list; "$NODE" "$BIN" prompt 'echo a'`], {
      cwd: home.cwd,
      env,
    });
    expect(asked.stderr).toBe('');
    const pids = await Promise.all(
      [
        ['status', '--json'],
        ['warm', 'status', '--json'],
      ].map(async (command) => {
        const said = JSON.parse((await runClaudex(command, { cwd: home.cwd, env })).stdout);
        return (said.daemon?.pid ?? said.pid) as number;
      }),
    );
    for (const pid of pids) {
      const files = openFiles(pid);
      expect(files.length).toBeGreaterThan(3);
      expect(files).not.toContain(lock);
    }
    expect((await run('flock', ['-n', lock, 'true'], { cwd: home.cwd, env })).code).toBe(0);
  });
});
