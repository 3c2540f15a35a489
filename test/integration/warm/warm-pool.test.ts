/** The library on a claude that misbehaves: whatever it does, waits end, answers belong to their questions, nothing is left. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ClaudexClient, type ClientOptions, createClient, type RunOptions } from '../../../src/warm/client.ts';
import { verifies } from '../../requirements.ts';
import { fixture, repositoryRoot } from '../../support/claudex-bin.ts';
import { isAlive } from '../../support/processes.ts';
import { registerProcess } from '../../support/resources.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { soak } from '../../support/warm-soak.ts';

const fake = fixture('fake-stream-claude.mjs');

describe(`the pool ${verifies('warm-bounded')}`, () => {
  const bed = useTestBed();

  function start(options: ClientOptions = {}): ClaudexClient {
    const client = createClient({ claudeBinary: fake, poolSize: 1, ...options });
    client.on('spawn', ({ pid }) => registerProcess(pid, 'fake claude'));
    bed.defer(() => client.close());
    return client;
  }

  const ask = async (client: ClaudexClient, prompt: string, options: RunOptions = {}): Promise<string[]> =>
    (await client.run(prompt, options)).text.split('|');

  it('keeps one process for one request after another, each with an empty history', async () => {
    const client = start();
    const first = await ask(client, 'echo a');
    const second = await ask(client, 'echo b');
    expect(first).toEqual(['a', '1', expect.any(String)]);
    expect(second).toEqual(['b', '1', first[2]]);
  });

  it('loses one request to a crash and serves the next', async () => {
    const client = start();
    await expect(client.run('die')).rejects.toMatchObject({ code: 'SESSION_CRASHED' });
    expect((await ask(client, 'echo a'))[0]).toBe('a');
    expect(client.stats().counters).toMatchObject({ crash: 1, spawn: 2 });
  });

  it.each([
    ['too long', { appendSystemPrompt: 'x'.repeat(200_000) }],
    ['a NUL character', { env: { A: 'x\0y' } }],
  ])('refuses what no process can be given: %s', async (_title, options) => {
    const client = start();
    await expect(client.run('echo a', options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect((await ask(client, 'echo b'))[0]).toBe('b');
  });

  it('says at once that there is no such claude', () => {
    expect(() => createClient({ claudeBinary: '/nonexistent/claude' })).toThrow(/claudeBinary names/);
  });

  it('starts nothing more once it is closed', async () => {
    const client = start();
    await client.close();
    await expect(client.prewarm()).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(client.run('echo a')).rejects.toMatchObject({ code: 'ABORTED' });
    expect(client.stats()).toMatchObject({ processes: [], counters: { spawn: 0 } });
  });

  it('has every process ready for whoever prewarms, also those that somebody else has started', async () => {
    const client = start({ poolSize: 2 });
    const states = () => client.stats().processes.map(({ state }) => state);
    const first = client.prewarm();
    await client.prewarm();
    expect(states()).toEqual(['idle', 'idle']);
    await first;
    expect(client.stats().counters.spawn).toBe(2);
  });

  it('serves with a process that is ready while another is still being started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cxt-pool-'));
    bed.defer(() => rmSync(folder, { recursive: true }));
    const claudeBinary = join(folder, 'claude');
    const startOne = `exec '${process.execPath}' '${fake}'`;
    writeFileSync(
      claudeBinary,
      `#!/bin/sh\nmkdir '${folder}/first' 2>/dev/null && ${startOne} "$@"\n${startOne} --never-ready "$@"\n`,
    );
    chmodSync(claudeBinary, 0o755);
    const client = start({ poolSize: 2, claudeBinary, spawnTimeoutMs: 60_000 });
    const warming = client.prewarm().catch((error) => error.code);
    expect((await ask(client, 'echo a'))[0]).toBe('a');
    await client.close();
    expect(await warming).toBe('ABORTED');
  });

  it('loses nothing to a process that dies while idle', async () => {
    const client = start();
    const [, , pid] = await ask(client, 'echo a');
    const crashed = new Promise((resolve) => client.on('crash', resolve));
    await idle(client);
    process.kill(Number(pid), 'SIGKILL');
    await crashed;
    expect((await ask(client, 'echo b'))[0]).toBe('b');
  });

  it('interrupts an aborted turn and uses the process again', async () => {
    const client = start();
    const [, , pid] = await ask(client, 'echo a');
    const stop = new AbortController();
    const hanging = client.run('hang', { signal: stop.signal });
    hanging.catch(() => undefined);
    await busy(client);
    stop.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await ask(client, 'echo b')).toEqual(['b', '1', pid]);
  });

  it('replaces a process that takes no interrupt', async () => {
    const client = start();
    const [, , pid] = await ask(client, 'echo a');
    await idle(client);
    await expect(client.run('deaf', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const [text, , other] = await ask(client, 'echo b');
    expect(text).toBe('b');
    expect(other).not.toBe(pid);
    expect(client.stats().counters).toMatchObject({ timeout: 1, recycle: 1 });
  });

  it('replaces a process whose reset names no new session, or that spoke unasked', async () => {
    const client = start();
    const reasons: string[] = [];
    client.on('recycle', (event) => reasons.push('reason' in event ? event.reason : ''));
    await ask(client, 'stay a');
    expect((await ask(client, 'echo b'))[1]).toBe('1');
    await ask(client, 'stray c');
    await recycled(client, 2);
    await ask(client, 'stray-in-reset d');
    await recycled(client, 3);
    expect((await ask(client, 'echo e'))[0]).toBe('e');
    expect(reasons).toEqual(['reset-failed', 'unsolicited', 'unsolicited']);
  });

  it('says what claude said when it does not start', async () => {
    const client = start();
    await expect(client.run('echo a', { model: 'x', env: { NODE_OPTIONS: '--bad-option' } })).rejects.toMatchObject({
      code: 'CLAUDE_ERROR',
    });
    const missing = start({ claudeBinary: 'no-such-claude' });
    await expect(missing.run('echo a')).rejects.toThrow(/It could not be started.*ENOENT/);
  });

  it('bounds the waits: for a start, for a process, for an answer, and in number', async () => {
    const slow = start({ spawnTimeoutMs: 300, claudeBinary: fixture('ignores-sigterm.mjs') });
    await expect(slow.run('echo a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    const client = start({ acquireTimeoutMs: 200, maxWaiting: 1 });
    await client.prewarm();
    const running = client.run('hang', { timeoutMs: 1500 });
    running.catch(() => undefined);
    const waiting = client.run('echo b');
    await expect(client.run('echo c')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await expect(waiting).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('takes an abort before the start, and one while waiting', async () => {
    const client = start();
    await expect(client.run('echo a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    const running = client.run('slow 300 a');
    const stop = new AbortController();
    const waiting = client.run('echo b', { signal: stop.signal });
    waiting.catch(() => undefined);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await running).text).toMatch(/^a/);
  });

  it('ends idle processes, old ones and those that have served enough', async () => {
    const client = start({ maxRequestsPerSession: 1, maxIdleMs: 200 });
    const evicted: unknown[] = [];
    client.on('evict', (event) => evicted.push('reason' in event && event.reason));
    const gone = new Promise((resolve) => client.on('evict', resolve));
    const [, , pid] = await ask(client, 'echo a');
    await gone;
    expect((await ask(client, 'echo b'))[2]).not.toBe(pid);
    expect(evicted[0]).toBe('requests');
    const idler = start({ maxIdleMs: 100 });
    const left = new Promise((resolve) => idler.on('evict', resolve));
    await idler.prewarm({}, 1);
    expect(await left).toMatchObject({ reason: 'idle' });
  });

  it(`answers, streams and fails by its codes ${verifies('warm-library')}`, async () => {
    const client = start();
    const result = await client.run('echo a', { requestId: 'mine' });
    expect(result).toMatchObject({
      requestId: 'mine',
      costUsd: 0,
      turns: 1,
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const events: string[] = [];
    for await (const event of client.runStream('echo one two')) {
      events.push(event.type === 'token' ? event.text : event.type);
    }
    expect(events).toEqual(['one ', 'two', 'done']);
    const failed: unknown[] = [];
    for await (const event of client.runStream('fail x'))
      failed.push(event.type === 'error' ? event.error.code : event.type);
    expect(failed).toEqual(['token', 'CLAUDE_ERROR']);
    await expect(client.run('fail x')).rejects.toMatchObject({
      code: 'CLAUDE_ERROR',
      message: expect.stringContaining('failed x'),
    });
    expect(() => client.runStream('')).toThrowError(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    for await (const event of client.runStream('drip')) {
      expect(event).toEqual({ type: 'token', text: 'drip' });
      break;
    }
    expect((await ask(client, 'echo b'))[0]).toBe('b');
  });

  it(`leaves no process after close, whatever runs ${verifies('warm-hygiene')}`, async () => {
    const client = start({ poolSize: 3 });
    const pids: number[] = [];
    client.on('spawn', ({ pid }) => pids.push(pid));
    const running = ['hang', 'deaf', 'slow 60000 x', 'hang'].map((prompt) =>
      client.run(prompt).catch((error) => error.code),
    );
    await busy(client, 3);
    await client.close();
    expect(await Promise.all(running)).toEqual(['ABORTED', 'ABORTED', 'ABORTED', 'ABORTED']);
    expect(pids.length).toBe(3);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(client.run('echo a')).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it(`does not keep a program from ending ${verifies('warm-hygiene')}`, async () => {
    const program = `import { createClient } from '${join(repositoryRoot, 'dist/src/warm/client.js')}';
      const client = createClient({ claudeBinary: '${fake}' });
      console.log((await client.run('echo a')).text);`;
    const ended = await run(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: process.env.PATH ?? '' },
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const pid = Number(ended.stdout.split('|')[2]);
    while (isAlive(pid)) await delay(10);
  });

  it('gives every question its own answer under random aborts, timeouts and kills (seeded)', async () => {
    const client = start({ poolSize: 4 });
    const report = await soak(client, { requests: 150, seed: 7, concurrency: 8 });
    expect(report.wrong).toEqual([]);
    expect(report.answered + report.aborted + report.timedOut + report.crashed).toBe(150);
    expect(report.answered).toBeGreaterThan(75);
    await client.close();
    expect(report.pids.filter(isAlive)).toEqual([]);
  });
});

/** Resolves once nothing is under way in the pool. */
async function idle(client: ClaudexClient): Promise<void> {
  while (client.stats().processes.some(({ state }) => state !== 'idle')) await delay(5);
}

/** Resolves once that many requests have a process. */
async function busy(client: ClaudexClient, count = 1): Promise<void> {
  while (client.stats().processes.filter(({ state }) => state === 'busy').length < count) await delay(5);
}

async function recycled(client: ClaudexClient, count: number): Promise<void> {
  // a process that made itself unusable is put away at the next look
  while (client.stats().counters.recycle < count) await delay(5);
}
