/** A session in a person's terminal that others look at, or that is to leave it and cannot; and one whose host changes under a viewer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaude } from '../../support/claude-wrapper.ts';
import { fixture, runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive, processStartTime } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

/** What claudex keeps of claude's output. */
const keptBytes = 512 * 1024;

describe('an ordinary session', () => {
  const bed = useTestBed();

  async function inTerminal(home: HermeticHome, program: string, extra: Record<string, string> = {}) {
    const env = withClaude(home, program, extra);
    const own = startClaudex([], { cwd: home.cwd, env });
    await own.waitForScreen('ready');
    const { id, pid } = await waitForSessionRecord(home, (one) => one.supervised);
    const peek = async (...args: string[]): Promise<string> =>
      (await runClaudex(['peek', id, ...args], { cwd: home.cwd, env })).stdout;
    return { own, env, id, pid, peek };
  }

  it(`that has drawn more than is kept draws its screen once more for whoever looks: no row is missing ${verifies('ordinary-attach')}`, async () => {
    const home = bed.home();
    const { own, id, env, peek } = await inTerminal(home, 'redraws.mjs', { WRITE_BYTES: String(keptBytes + 100_000) });
    await until(async () => (await peek()).startsWith('the first row\nready'));
    const other = startClaudex(['attach', id], { cwd: home.cwd, env });
    await other.waitForScreen((screen) => screen.startsWith('the first row\nready'));
    other.key('ctrl-\\');
    await other.waitForExit();
    await own.waitForScreen((screen) => screen.startsWith('the first row\nready'));
  });

  it(`is read in its colours, and followed: each change is printed ${verifies('ordinary-attach')}`, async () => {
    const home = bed.home();
    const { own, id, env, peek } = await inTerminal(home, 'redraws.mjs');
    own.type('abc');
    await own.waitForScreen('abc');
    expect(await peek('--ansi')).toMatch(/\x1b\[[\d;]*31mabc/);
    expect(await peek()).toContain('\nabc');
    const following = startClaudex(['peek', id, '--follow'], { cwd: home.cwd, env });
    await following.waitForScreen('abc');
    own.type('def');
    await following.waitForScreen('abcdef');
    following.key('ctrl-c');
    expect(await following.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it(`stays in its terminal, as it was, where no host can take it; the command says why ${verifies('hand-over')}`, async () => {
    const home = bed.home();
    const { own, id, env, pid, peek } = await inTerminal(home, 'redraws.mjs');
    // another host has its place
    mkdirSync(join(home.claudexHome, 'hosts'), { recursive: true, mode: 0o700 });
    const owner = { pid: process.pid, startTime: processStartTime(process.pid), version: '0.0.0' };
    writeFileSync(join(home.claudexHome, 'hosts', `${id}.lock`), JSON.stringify(owner));
    const refused = await runClaudex(['detach', id], { cwd: home.cwd, env });
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('Another host has this session.');
    expect(await daemonClient(home).managed()).toEqual([]);
    own.type('goes on');
    await own.waitForScreen('goes on');
    own.resize(90, 25);
    await until(async () => (await peek()).includes('goes on'));
    expect(isAlive(pid)).toBe(true);
  });
});

describe('a viewer of a managed session', () => {
  const bed = useTestBed();

  it(`sees the next claude in the same terminal when it is restarted, and types into that ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const env = { ...home.env(), CLAUDEX_CLAUDE_BIN: fixture('redraws.mjs') };
    await runClaudex(['daemon', 'start'], { env: home.env() });
    const client = daemonClient(home);
    const { id } = await client.startManaged({
      cwd: home.cwd,
      args: [],
      env,
      claudeSessionId: null,
      keepWarm: true,
      restart: 'never',
    });
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env });
    await viewer.waitForScreen('ready');
    viewer.type('before');
    await viewer.waitForScreen('before');
    await client.changeManaged(id, 'restart');
    await viewer.waitForScreen((screen) => screen.startsWith('the first row\nready') && !screen.includes('before'));
    viewer.type('after');
    await viewer.waitForScreen('after');
    await until(async () => (await client.managed())[0]?.viewers === 1);
    viewer.key('ctrl-\\');
    expect(await viewer.waitForExit()).toEqual({ code: 0, signal: null });
    await client.changeManaged(id, 'stop?now=true');
    await until(async () => (await client.managed())[0]?.state === 'stopped');
  });
});
