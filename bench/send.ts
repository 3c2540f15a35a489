/**
 * From `claudex send` being done to claude having submitted the prompt: the real claude, idle, once supervised and typed into,
 * once bare and woken: by its inbox socket where it has one (CLAUDEX_TEST_CLAUDE_BIN names another claude), else by wake.
 * All times are read off the same machine's clock: the daemon's in the message's history, ours at output and exit.
 */
import { spawn } from 'node:child_process';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { isFinal, type Message, type Route } from '../src/protocol/message.ts';
import type { SessionRecord } from '../src/protocol/session.ts';
import { realClaudeIsAtLeast } from '../test/support/claude-binary.ts';
import { runClaudex, startClaudex } from '../test/support/claudex.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { startLoopbackApi } from '../test/support/loopback-api.ts';
import type { PtyDriver } from '../test/support/pty-driver.ts';
import { startBareClaude } from '../test/support/real-claude.ts';
import { type BenchHome, startBenchHome, waitForSessions } from './bench-home.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';

export const measureSend: Measurement = async ({ quick, progress }) => {
  const api = await startLoopbackApi(() => ({ text: 'done' }));
  const rounds = quick ? 5 : 30;
  try {
    const typed = await measureRoute({
      api,
      rounds,
      progress,
      route: 'paste',
      targetMs: 120,
      start: ({ home }) => startClaudex([], { cwd: home.dir('api'), env: home.env(api) }),
    });
    const woken = await measureRoute({
      api,
      rounds,
      progress,
      route: realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake',
      targetMs: 150,
      start: async ({ home }) => {
        const installed = await runClaudex(['install'], { cwd: home.root, env: home.env() });
        if (installed.code !== 0) throw new Error(`claudex install: ${installed.stderr}`);
        return startBareClaude(home, { api, cwd: home.dir('api') });
      },
    });
    return [...typed, ...woken];
  } finally {
    await api.close();
  }
};

interface RouteOptions {
  api: { url: string };
  rounds: number;
  progress: (text: string) => void;
  /** The way the messages have to go. */
  route: Route;
  /** Most that may lie between `send` and the prompt, p50. */
  targetMs: number;
  start: (bench: BenchHome) => PtyDriver | Promise<PtyDriver>;
}

async function measureRoute({ api, rounds, progress, route, targetMs, start }: RouteOptions): Promise<Figure[]> {
  const bench = await startBenchHome(['api']);
  const { home, client } = bench;
  const env = home.env(api);
  const driver = await start(bench);
  const isIdle = (sessions: SessionRecord[]): boolean => sessions.length === 1 && sessions[0]!.state === 'idle';
  await waitForSessions(client, isIdle);
  const fromExit: number[] = [];
  const fromPrint: number[] = [];
  const fromAccept: number[] = [];
  const command: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const sent = await sendOnce(home.root, env, `task ${round}: say done`);
    const message = await waitForEnd(client, sent.id);
    const submitted = message.history.find((change) => change.state === 'delivered');
    if (message.state !== 'answered' || submitted?.route !== route) {
      throw new Error(`message ${round} went another way: ${JSON.stringify(message)}`);
    }
    await waitForSessions(client, isIdle);
    if (round < 0) continue; // the first turn of a session is its slowest
    fromExit.push(submitted.at - sent.exitedAt);
    fromPrint.push(submitted.at - sent.printedAt);
    fromAccept.push(submitted.at - message.acceptedAt);
    command.push(sent.tookMs);
    progress(`${route} ${round + 1}: submitted ${fromPrint.at(-1)!.toFixed(0)} ms after its id was printed`);
  }
  await driver.dispose();
  await home.dispose();
  const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
    measurement: 'send',
    name: `${route}: ${name}`,
    value,
    unit: 'ms',
    ...more,
  });
  return [
    figure('`send` returned → UserPromptSubmit, p50', median(fromExit), {
      target: { max: targetMs },
      note: `${command.length} sends`,
    }),
    figure('`send` returned → UserPromptSubmit, p90', percentile(fromExit, 90)),
    figure('id printed → UserPromptSubmit, p50', median(fromPrint), { target: { max: targetMs } }),
    figure('accepted → UserPromptSubmit, p50', median(fromAccept)),
    figure('accepted → UserPromptSubmit, p90', percentile(fromAccept, 90)),
    figure('the `claudex send` command, p50', median(command)),
  ];
}

interface Sent {
  id: string;
  printedAt: number;
  exitedAt: number;
  tookMs: number;
}

async function sendOnce(cwd: string, env: Record<string, string>, text: string): Promise<Sent> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [claudexBin, 'send', 'api', text], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let id = '';
  let printedAt = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printedAt ||= clock();
    id += chunk;
  });
  let exitedAt = 0;
  child.once('exit', () => {
    exitedAt = clock();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`claudex send: exit ${code}`);
  return { id: id.trim(), printedAt, exitedAt, tookMs: performance.now() - startedAt };
}

/** Milliseconds since the epoch with a fraction; the daemon's own has none, so figures are good to ±0.5 ms. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

async function waitForEnd(client: DaemonClient, id: string): Promise<Message> {
  const events = await client.events();
  const timer = setTimeout(() => events.close(), 20_000);
  try {
    for await (const event of events) {
      if (event.type === 'session') continue;
      const message = await client.message(id);
      if (isFinal(message.state)) return message;
    }
    throw new Error(`no end within 20 s: ${JSON.stringify(await client.message(id))}`);
  } finally {
    clearTimeout(timer);
    events.close();
  }
}
