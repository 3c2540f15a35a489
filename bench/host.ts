/** What managed sessions cost while nothing happens, and how long a message takes to wake one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claudexSettings } from '../src/claude/hooks/hook-settings.ts';
import { packageRoot } from '../src/home/package.ts';
import type { StartRequest } from '../src/protocol/managed.ts';
import { realClaudePath } from '../test/support/claude-binary.ts';
import { startLoopbackApi } from '../test/support/loopback-api.ts';
import { startInPty } from '../test/support/pty-driver.ts';
import { waitForPromptBox } from '../test/support/real-claude.ts';
import { registerResource } from '../test/support/resources.ts';
import { until } from '../test/support/until.ts';
import { type BenchHome, startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, type MeasureOptions, median } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { writeProgram } from './program.ts';
import { sleep, wakeups } from './relay-idle.ts';

/** Most that claudex may add to claude's own start when a message wakes a session. */
const wakeOverClaudeMs = 250;
const hostCount = 50;

export const measureHost: Measurement = async (options) => [
  ...(await measureIdleHost(options)),
  ...(await measureWake(options)),
  ...(await measureMany(options)),
];

function request(bench: BenchHome, name: string, extra: Record<string, string>): Omit<StartRequest, 'keepWarm'> {
  return {
    cwd: bench.home.cwd,
    name,
    args: [],
    env: { ...bench.home.env(), ...extra },
    claudeSessionId: null,
    restart: 'never',
  };
}

function hostPid({ home }: BenchHome, id: string): number {
  return JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8')).host.pid;
}

async function measureIdleHost({ quick, progress }: MeasureOptions): Promise<Figure[]> {
  const bench = await startBenchHome();
  const file = writeProgram(bench.home.root, 'idle', 'stty raw -echo; seq 200; printf ready; exec cat >/dev/null');
  const one = await bench.client.startManaged({
    ...request(bench, 'idle', { CLAUDEX_CLAUDE_BIN: file }),
    keepWarm: true,
  });
  const pid = hostPid(bench, one.id);
  // until it has registered with the daemon and everything it loads late is loaded
  await sleep(10_000);
  const seconds = quick ? 5 : 30;
  progress(`one idle host, ${seconds} s`);
  const [wakeupsBefore, cpuBefore] = [wakeups(pid), cpuMs(pid)];
  await sleep(seconds * 1000);
  return [
    {
      measurement: 'host',
      name: 'idle: times the host woke up',
      value: wakeups(pid) - wakeupsBefore,
      unit: 'times',
      target: { max: 0, name: 'no timers' },
      note: `main thread, ${seconds} s, no viewer`,
    },
    { measurement: 'host', name: 'idle: CPU of one core', value: (cpuMs(pid) - cpuBefore) / (seconds * 10), unit: '%' },
    { measurement: 'host', name: 'idle: resident memory', value: residentMb(pid), unit: 'MB', target: { max: 60 } },
  ];
}

async function measureWake({ quick, progress }: MeasureOptions): Promise<Figure[]> {
  const api = await startLoopbackApi(() => ({ text: 'done' }));
  registerResource({ label: 'api', dispose: () => api.close() });
  const bench = await startBenchHome();
  const { client, home } = bench;
  const env = { CLAUDEX_CLAUDE_BIN: realClaudePath(), ANTHROPIC_BASE_URL: api.url };
  const { id } = await client.startManaged({ ...request(bench, 'sleeper', env), keepWarm: false, idleTimeoutMs: 500 });
  const send = async (): Promise<number> => {
    const sentAt = performance.now() + performance.timeOrigin;
    const { id: message } = await client.send({
      target: id,
      body: 'go on',
      kind: 'task',
      when: 'idle',
      sender: { kind: 'user', label: 'bench' },
    });
    await until(async () => (await client.message(message)).state === 'answered', { timeoutMs: 60_000 });
    const { history } = await client.message(message);
    return history.find((one) => one.state === 'delivered')!.at - sentAt;
  };
  const state = async (): Promise<string | undefined> => (await client.managed()).find((one) => one.id === id)?.state;
  await send();
  const woken: number[] = [];
  const own: number[] = [];
  const withHooks: number[] = [];
  /** Milliseconds until claude, resuming that conversation by itself, shows its prompt box. */
  const startOf = async (sessionId: string, settings: string[]): Promise<number> => {
    const startedAt = performance.now();
    const args = ['--resume', sessionId, ...settings];
    const claude = startInPty(realClaudePath(), args, { cwd: home.cwd, env: home.env(api) });
    await waitForPromptBox(claude);
    const tookMs = performance.now() - startedAt;
    await claude.dispose();
    // a conversation that is open elsewhere is not resumed
    await until(async () => (await client.sessions()).length === 0, { timeoutMs: 60_000 });
    return tookMs;
  };
  const hooks = claudexSettings({ hooksDir: join(packageRoot(), 'hooks'), home: home.claudexHome });
  for (let round = -1; round < (quick ? 2 : 10); round++) {
    await until(async () => (await state()) === 'sleeping', { timeoutMs: 60_000 });
    const { sessionId } = (await client.managed()).find((one) => one.id === id)!;
    const ownMs = await startOf(sessionId!, []);
    const withHooksMs = await startOf(sessionId!, ['--settings', JSON.stringify(hooks)]);
    const wokenMs = await send();
    if (round < 0) continue;
    own.push(ownMs);
    withHooks.push(withHooksMs);
    woken.push(wokenMs);
    progress(`woken in ${wokenMs.toFixed(0)} ms, claude --resume ${ownMs.toFixed(0)} ms`);
  }
  return [
    {
      measurement: 'host',
      name: 'woken by a message: send → UserPromptSubmit, p50',
      value: median(woken),
      unit: 'ms',
      baseline: { name: 'claude --resume to its prompt box', value: median(own) },
      target: { max: median(own) + wakeOverClaudeMs, name: 'that + 250' },
      note: `${woken.length} times`,
    },
    {
      measurement: 'host',
      name: 'the same',
      value: median(woken),
      unit: 'ms',
      baseline: { name: 'claude --resume with our hooks', value: median(withHooks) },
    },
  ];
}

async function measureMany({ quick, progress }: MeasureOptions): Promise<Figure[]> {
  const count = quick ? 5 : hostCount;
  const bench = await startBenchHome();
  const { client, home, daemonPid } = bench;
  const file = writeProgram(home.root, 'trivial', 'printf ready; exec sleep 100000');
  const before = residentMb(daemonPid);
  for (let index = 0; index < count; index++) {
    await client.startManaged({ ...request(bench, `host-${index}`, { CLAUDEX_CLAUDE_BIN: file }), keepWarm: true });
  }
  progress(`${count} hosts run`);
  await sleep(5000);
  const cpuBefore = cpuMs(daemonPid);
  await sleep(10_000);
  return [
    {
      measurement: 'host',
      name: `${count} hosts: the daemon, resident memory`,
      value: residentMb(daemonPid),
      unit: 'MB',
      target: { max: 100 },
      note: `${before.toFixed(0)} MB before them`,
    },
    {
      measurement: 'host',
      name: `${count} hosts: the daemon, CPU of one core`,
      value: (cpuMs(daemonPid) - cpuBefore) / 100,
      unit: '%',
    },
  ];
}
