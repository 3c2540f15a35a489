/** The worker of `claudex prompt`, with a claude of ours: started once, replaced when it is gone, safe, gone when idle. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudexPaths } from '../../../src/home/paths.ts';
import { kill } from '../../../src/process/tree.ts';
import { verifies } from '../../requirements.ts';
import { claudexBin, fixture, runClaudex } from '../../support/claudex.ts';
import { repositoryRoot } from '../../support/claudex-bin.ts';
import { linkBomb } from '../../support/link-bomb.ts';
import { isAlive } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';

const hourMs = 3_600_000;

interface Status {
  running: boolean;
  pid: number;
  uptimeMs: number;
  waiting: number;
  processes: Array<{ pid: number; state: string }>;
  counters: Record<string, number>;
}

describe(`the worker ${verifies('warm-bounded', 'warm-hygiene')}`, () => {
  const bed = useTestBed();

  function start(extra: Record<string, string> = {}) {
    const home = bed.home();
    const env = home.env(undefined, { CLAUDEX_CLAUDE_BIN: fixture('fake-stream-claude.mjs'), ...extra });
    const prompt = (...words: string[]) => runClaudex(['prompt', ...words], { env, cwd: home.cwd });
    const status = async (): Promise<Status> =>
      JSON.parse((await runClaudex(['warm', 'status', '--json'], { env, cwd: home.cwd })).stdout) as Status;
    return { home, env, prompt, status, paths: claudexPaths(env) };
  }

  it('is one, however many ask at once, and each gets its own answer', async () => {
    const { prompt, status, env } = start();
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((word) => prompt(`echo ${word}`)));
    expect(answers.map(({ stdout }) => stdout.split('|')[0])).toEqual(['a', 'b', 'c', 'd', 'e']);
    const { counters, running } = await status();
    expect(running).toBe(true);
    expect(counters.spawn).toBeLessThanOrEqual(4);
    expect((counters.spawn ?? 0) + (counters.reuse ?? 0)).toBeGreaterThanOrEqual(5);
    const said = await runClaudex(['warm', 'status'], { env });
    expect(said.stdout).toMatch(/^The worker runs: pid \d+, [^\n]* Requests now: 0 running, 0 waiting\.\n/);
  });

  it('is private: folder 0700, socket and log 0600, no prompt in the log', async () => {
    const { prompt, paths } = start();
    await prompt('echo confidential-word');
    expect(statSync(dirname(paths.warmSocket)).mode & 0o777).toBe(0o700);
    expect(statSync(paths.warmSocket).mode & 0o777).toBe(0o600);
    expect(statSync(paths.warmLog).mode & 0o777).toBe(0o600);
    const log = readFileSync(paths.warmLog, 'utf8');
    expect(log).toContain('"event":"spawn"');
    expect(log).not.toContain('confidential-word');
  });

  it('is started anew after it was killed, and its processes go with it', async () => {
    const { prompt, status } = start();
    await prompt('echo a');
    const before = await status();
    process.kill(before.pid, 'SIGKILL');
    expect((await prompt('echo b')).stdout).toMatch(/^b\|/);
    expect((await status()).pid).not.toBe(before.pid);
    for (const { pid } of before.processes) {
      while (isAlive(pid)) await delay(10);
    }
  });

  it('asks nothing twice when it dies in the middle, and what it ran goes with the next one', async () => {
    const { prompt, status } = start();
    const running = prompt('linger');
    while (!(await status()).processes?.some(({ state }) => state === 'busy')) await delay(20);
    const before = await status();
    process.kill(before.pid, 'SIGKILL');
    const told = await running;
    expect(told).toMatchObject({ code: 3, stdout: '' });
    expect(told.stderr).toContain('The claude process ended in the middle of the request.');
    expect(await status()).toEqual({ running: false });
    expect((await prompt('echo b')).stdout).toMatch(/^b\|/);
    for (const { pid } of before.processes) {
      while (isAlive(pid)) await delay(10);
    }
  });

  it('gives way to another version, after what it has begun', async () => {
    const { prompt, status, paths, home } = start();
    const goOn = join(home.root, 'go-on');
    const running = prompt(`until ${goOn} begun`);
    while (!(await status()).processes?.some(({ state }) => state === 'busy')) await delay(20);
    const before = await status();
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(paths.warmSocket, () =>
        socket.write('{"type":"prompt","version":"99.0.0","words":[],"env":{}}\n'),
      );
      socket.setEncoding('utf8').once('data', resolve).once('error', reject);
      bed.defer(() => void socket.destroy());
    });
    expect(JSON.parse(answer)).toEqual({ replaced: true });
    expect((await prompt('echo next')).stdout).toMatch(/^next\|/);
    expect((await status()).pid).not.toBe(before.pid);
    writeFileSync(goOn, '');
    expect((await running).stdout).toMatch(/^begun\|/);
  });

  it('serves an older command as well: two versions in use do not replace each other in turn', async () => {
    const { prompt, status, paths } = start();
    await prompt('echo a');
    const before = await status();
    const ask = { type: 'prompt', version: '0.0.1', words: ['echo older'], cwd: '/', env: {}, stdin: null };
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(paths.warmSocket, () => socket.write(`${JSON.stringify(ask)}\n`));
      socket.setEncoding('utf8').once('data', resolve).once('error', reject);
      bed.defer(() => void socket.destroy());
    });
    expect(JSON.parse(answer.split('\n')[0]!)).toEqual({ begun: true });
    expect((await prompt('echo b')).stdout).toMatch(/^b\|/);
    expect((await status()).pid).toBe(before.pid);
  });

  it('sends on who still waits when it is drained', async () => {
    const { prompt, status, paths, env, home } = start({ CLAUDEX_WARM_POOL_SIZE: '1' });
    const goOn = join(home.root, 'go-on');
    const running = prompt(`until ${goOn} begun`);
    while (!(await status()).processes?.some(({ state }) => state === 'busy')) await delay(20);
    const waiting = prompt('echo waited');
    while ((await status()).waiting === 0) await delay(20);
    const drained = runClaudex(['warm', 'drain'], { env, cwd: home.cwd });
    while (existsSync(paths.warmSocket)) await delay(20);
    writeFileSync(goOn, '');
    expect(await drained).toMatchObject({ code: 0 });
    expect((await running).stdout).toMatch(/^begun\|/);
    expect(await waiting).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^waited\|/) });
  });

  it('waits for nothing any more when it is told to end while it lets what runs end', async () => {
    const { prompt, status, paths, env, home } = start();
    const running = prompt('hang');
    while (!(await status()).processes?.some(({ state }) => state === 'busy')) await delay(20);
    const { pid } = await status();
    const drained = runClaudex(['warm', 'drain'], { env, cwd: home.cwd });
    while (existsSync(paths.warmSocket)) await delay(20);
    process.kill(pid, 'SIGTERM');
    expect((await running).stderr).toContain('The request was taken back.');
    expect(await drained).toMatchObject({ code: 0 });
    while (isAlive(pid)) await delay(20);
  });

  it('leaves no process behind when it is told to end more than once', async () => {
    const { prompt, status } = start();
    const running = prompt('linger');
    while (!(await status()).processes?.some(({ state }) => state === 'busy')) await delay(20);
    const { pid, processes } = await status();
    kill(pid, 'SIGTERM');
    await delay(1); // two that come at once are one
    kill(pid, 'SIGTERM');
    await running;
    while (isAlive(pid)) await delay(20);
    expect(processes.filter((one) => isAlive(one.pid))).toEqual([]);
  });

  it('ends the request of a caller that has gone', async () => {
    const { prompt, status, env, home } = start();
    await prompt('echo a');
    const caller = spawn(process.execPath, [claudexBin, 'prompt', 'hang'], { env, cwd: home.cwd, stdio: 'ignore' });
    const gone = new Promise((resolve) => caller.once('exit', (_code, signal) => resolve(signal)));
    while (!(await status()).processes.some(({ state }) => state === 'busy')) await delay(20);
    caller.kill('SIGINT');
    expect(await gone).toBe('SIGINT');
    while ((await status()).processes.some(({ state }) => state !== 'idle')) await delay(20);
    expect((await prompt('echo b')).stdout).toMatch(/^b\|1\|/);
  });

  it('works on for a reader that has had enough, as claude -p does', async () => {
    const { status, env, home } = start();
    const caller = spawn(process.execPath, [claudexBin, 'prompt', 'slow 300 a'], {
      env,
      cwd: home.cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => caller.once('exit', (...how) => resolve(how)));
    caller.stdout?.destroy();
    expect(await ended).toEqual([0, null]);
    while ((await status()).counters.reset === 0) await delay(20);
  });

  it('answers in a repository whose agents are links without an end, and elsewhere', async () => {
    const { prompt, home, env } = start();
    linkBomb(home.cwd);
    expect((await prompt('echo a')).stdout).toMatch(/^a\|/);
    expect((await runClaudex(['prompt', 'echo b'], { env, cwd: home.home })).stdout).toMatch(/^b\|/);
  });

  it('is ended by `warm drain` when it hangs, and what it has started goes with it', { timeout: 60_000 }, async () => {
    const { prompt, status, env } = start();
    await prompt('echo a');
    const { pid, processes } = await status();
    process.kill(pid, 'SIGSTOP');
    const asked = await runClaudex(['warm', 'status'], { env });
    expect(asked).toMatchObject({ code: 3, stdout: '' });
    expect(asked.stderr).toContain(`does not answer. Its process is ${pid}.`);
    expect(await runClaudex(['warm', 'drain'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect([pid, ...processes.map((one) => one.pid)].filter(isAlive)).toEqual([]);
    expect((await prompt('echo b')).stdout).toMatch(/^b\|/);
  });

  it('keeps its processes as long as ever when the clock is set', async () => {
    const clock = join(bed.home().root, 'clock');
    writeFileSync(clock, '0');
    const { prompt, status } = start({
      NODE_OPTIONS: `--import=${pathToFileURL(join(repositoryRoot, 'bench', 'chaos', 'clock-skew.mjs'))}`,
      CHAOS_CLOCK: clock,
    });
    for (const [word, offsetMs] of [
      ['a', 0],
      ['b', 48 * hourMs],
      ['c', -48 * hourMs],
    ] as const) {
      writeFileSync(clock, String(offsetMs));
      expect((await prompt(`echo ${word}`)).stdout).toMatch(new RegExp(`^${word}\\|`));
    }
    const { counters, uptimeMs } = await status();
    expect(counters).toMatchObject({ evict: 0 });
    expect(uptimeMs).toBeGreaterThan(0);
    expect(uptimeMs).toBeLessThan(hourMs);
  });

  it('goes with its processes when nobody has asked for a while', async () => {
    const { prompt, status, paths } = start({ CLAUDEX_WARM_IDLE_MS: '1000' });
    await prompt('echo a');
    // asking it could come too late
    const log = readFileSync(paths.warmLog, 'utf8').trim().split('\n');
    const [started, spawned] = log.map((line) => JSON.parse(line) as { event: string; pid: number });
    expect([started?.event, spawned?.event]).toEqual(['started', 'spawn']);
    while (isAlive(started!.pid)) await delay(20);
    expect(isAlive(spawned!.pid)).toBe(false);
    expect(() => statSync(paths.warmSocket)).toThrow(/ENOENT/);
    expect(await status()).toEqual({ running: false });
  });

  it('takes a large file of bytes that JSON makes six of', { timeout: 120_000 }, async () => {
    const { env, home } = start();
    const stdin = Buffer.alloc(6_000_000);
    const answer = await runClaudex(['prompt', 'count '], { env, cwd: home.cwd, stdin, timeoutMs: 100_000 });
    expect(answer).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^6000001\|/) });
  });

  it('asks nothing of claude for blanks', async () => {
    const { prompt } = start();
    const refused = await prompt(' \n');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('Input contained only whitespace');
  });

  it('says what is wrong when it cannot start', async () => {
    const { home, env } = start();
    writeFileSync(join(home.home, '.claudex'), 'not a folder');
    const refused = await runClaudex(['prompt', 'echo a'], { env, cwd: home.cwd });
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('The claudex folder is not safely yours.');
  });
});
