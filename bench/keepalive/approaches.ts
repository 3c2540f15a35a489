/**
 * The ways in which people have kept claude alive between requests, each tried on the real claude: does it stay, is the next
 * request fresh, what does a minute of doing nothing cost, how long does an answer take.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../../src/warm/client.ts';
import { realClaudePath } from '../../test/support/claude-binary.ts';
import type { HermeticHome } from '../../test/support/hermetic-home.ts';
import type { LoopbackApi } from '../../test/support/loopback-api.ts';
import { startBareClaude, submitPrompt, waitForPromptBox } from '../../test/support/real-claude.ts';
import { run } from '../../test/support/run-command.ts';
import { median } from '../figure.ts';

export interface Approach {
  name: string;
  probe: (stage: ProbeStage) => Promise<ProbeResult>;
}

export interface ProbeStage {
  home: HermeticHome;
  api: LoopbackApi;
  /** How long it is left alone. */
  idleMs: number;
}

export interface ProbeResult {
  /** It was still there after the idle time. */
  staysAlive: boolean;
  /** The second request carried nothing of the first. */
  isFresh: boolean;
  idleCallsPerMinute: number;
  /** Median, from asking to the answer; the first request left out. */
  latencyMs: number;
  note: string;
}

const secret = 'FIRST-REQUEST-3c1f';
const rounds = 5;
/** Claude gives up on a blocking Stop hook after eight blocks: they fit in here. */
const blockCapMs = 20_000;

export const approaches: readonly Approach[] = [
  { name: 'stream-json, /clear between (what claudex does)', probe: probeStreamJson },
  { name: 'a terminal, /clear typed between', probe: probeTerminal },
  { name: 'a Stop hook that blocks for ever', probe: probeStopHook },
  { name: '`claude -p --continue` for each request', probe: (stage) => probePrint(stage, ['--continue']) },
  { name: '`claude -p` for each request', probe: (stage) => probePrint(stage, []) },
];

async function probeStreamJson({ home, api, idleMs }: ProbeStage): Promise<ProbeResult> {
  const client = createClient({ claudeBinary: realClaudePath(), poolSize: 1 });
  try {
    const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    const options = { cwd: home.cwd, env: { ...none, ...home.env(api) } };
    await client.run(secret, options);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      while (client.stats().processes.some(({ state }) => state !== 'idle')) await delay(5);
      times.push((await client.run('next', options)).durationMs);
    }
    const isFresh = !saidInLast(api);
    const idleCalls = await callsWhile(api, delay(idleMs));
    const { processes, counters } = client.stats();
    const staysAlive = processes.length === 1 && counters.spawn === 1;
    return { staysAlive, isFresh, ...perMinute(idleCalls, idleMs), latencyMs: median(times), note: '' };
  } finally {
    await client.close();
  }
}

async function probeTerminal({ home, api, idleMs }: ProbeStage): Promise<ProbeResult> {
  const terminal = startBareClaude(home, { api });
  try {
    await waitForPromptBox(terminal, { timeoutMs: 30_000 });
    const ask = async (text: string): Promise<number> => {
      const before = api.requests.length;
      const startedAt = performance.now();
      await submitPrompt(terminal, text);
      await terminal.waitForScreen(() => api.requests.length > before);
      await terminal.waitForScreen((screen) => screen.includes(`ok ${api.requests.length}`));
      return performance.now() - startedAt;
    };
    await ask(secret);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await submitPrompt(terminal, '/clear');
      await terminal.waitForScreen((screen) => !screen.includes(`ok ${api.requests.length}`));
      times.push(await ask(`next ${round}`));
    }
    const isFresh = !saidInLast(api);
    const idleCalls = await callsWhile(api, delay(idleMs));
    const note = 'one at a time, read off a screen, dialogs in the way';
    return { staysAlive: true, isFresh, ...perMinute(idleCalls, idleMs), latencyMs: median(times), note };
  } finally {
    await terminal.dispose();
  }
}

/** claude asks the API again for each block, and gives up after eight. */
async function probeStopHook({ home, api }: ProbeStage): Promise<ProbeResult> {
  const command = `sleep 0.2; printf '{"decision":"block","reason":"tick"}'`;
  const settings = JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: 'command', command }] }] } });
  const child = spawn(realClaudePath(), ['-p', '--settings', settings, secret], {
    cwd: home.cwd,
    env: home.env(api),
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (api.requests.length === 0 && isRunning(child)) await delay(5);
  const startedAt = performance.now();
  const calls = await callsWhile(api, Promise.race([ended, delay(blockCapMs)]));
  const lastedMs = performance.now() - startedAt;
  const staysAlive = isRunning(child);
  child.kill('SIGKILL');
  await ended;
  return {
    staysAlive,
    isFresh: !saidInLast(api),
    ...perMinute(calls, lastedMs),
    latencyMs: Number.NaN,
    note: `${calls} calls for nothing, ${staysAlive ? 'still there' : 'ended'} after ${(lastedMs / 1000).toFixed(1)} s`,
  };
}

async function probePrint({ home, api }: ProbeStage, args: readonly string[]): Promise<ProbeResult> {
  const times: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const startedAt = performance.now();
    const words = ['-p', ...(round < 0 ? [] : args), round < 0 ? secret : 'next'];
    const { code, stderr } = await run(realClaudePath(), words, { env: home.env(api), cwd: home.cwd });
    if (code !== 0) throw new Error(`claude ${words.join(' ')}: exit ${code}, ${stderr}`);
    if (round >= 0) times.push(performance.now() - startedAt);
  }
  return { staysAlive: false, isFresh: !saidInLast(api), idleCallsPerMinute: 0, latencyMs: median(times), note: '' };
}

function saidInLast(api: LoopbackApi): boolean {
  return JSON.stringify(api.requests.at(-1)?.body ?? null).includes(secret);
}

async function callsWhile(api: LoopbackApi, waiting: Promise<unknown>): Promise<number> {
  const before = api.requests.length;
  await waiting;
  return api.requests.length - before;
}

function perMinute(calls: number, duringMs: number): { idleCallsPerMinute: number } {
  return { idleCallsPerMinute: Math.round((calls * 60_000) / duringMs) };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
