/**
 * What the web face costs: its list with a thousand sessions and two hundred programs, and the page in a real Chromium: first load,
 * keys, a flood, twenty terminals at once. Claude is a stand-in that is bytes only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get as httpGet } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { processStartTime } from '../src/process/identity.ts';
import { startBrowser, terminalText } from '../test/support/browser.ts';
import { fixture, runClaudex } from '../test/support/claudex.ts';
import { until } from '../test/support/until.ts';
import { type RunningWeb, startWeb } from '../test/support/web.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';
import { residentMb } from './proc.ts';

const clients = 200;
/** Each program asks for the list this often. */
const askEveryMs = 4000;

export const measureWeb: Measurement = async ({ quick, progress }) => [
  ...(await measureList(quick ? 100 : 1000, quick ? 4000 : 12_000, progress)),
  ...(await measurePage(quick ? 40 : 200, quick ? 6 : 20, progress)),
];

function figure(name: string, value: number, unit: string, max?: number, note?: string): Figure {
  return {
    measurement: 'web',
    name,
    value,
    unit,
    ...(max !== undefined && { target: { max } }),
    ...(note && { note }),
  };
}

/** Programs that all follow the events and ask for the list from time to time. */
async function measureList(sessions: number, forMs: number, progress: (text: string) => void): Promise<Figure[]> {
  const { home, client, daemonPid } = await startBenchHome();
  const web = await startWeb(home);
  const token = await web.token('view');
  progress(`${sessions} sessions, ${clients} programs`);
  const ends = await startSessions(client, sessions, home.cwd, join(home.home, '.claude'));
  await until(async () => (await web.send('/api/v1/sessions', { token })).json.sessions.length === sessions, {
    timeoutMs: 60_000,
  });
  progress('all are there');
  const streams = await Promise.all(Array.from({ length: clients }, () => openEvents(web.port, token)));
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const tookMs: number[] = [];
  const endAt = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index / clients) * askEveryMs));
      while (performance.now() < endAt) {
        tookMs.push(await fetchMs(web.port, token, agent));
        await new Promise((resolve) => setTimeout(resolve, askEveryMs));
      }
    }),
  );
  progress('events');
  const reachedMs: number[] = [];
  for (const end of ends.slice(0, 20)) {
    const seen = streams.map((stream) => stream.next('session_removed'));
    const startedAt = performance.now();
    end();
    await Promise.all(seen);
    reachedMs.push(performance.now() - startedAt);
  }
  const memory = residentMb(web.child.pid!);
  for (const { close } of streams) close();
  agent.destroy();
  for (const end of ends) end();
  const note = `${tookMs.length} requests of ${clients} programs, ${sessions} sessions; the programs run on the same cores`;
  const all = [
    figure('GET /sessions, p50', percentile(tookMs, 50), 'ms', undefined, note),
    figure('GET /sessions, p99', percentile(tookMs, 99), 'ms', 20),
    figure('a change reaches all event streams, p50', median(reachedMs), 'ms', 50, `${clients} streams`),
    figure('a change reaches all event streams, p99', percentile(reachedMs, 99), 'ms'),
    figure('server with all of them, resident memory', memory, 'MB'),
    figure('its daemon, resident memory', residentMb(daemonPid), 'MB'),
  ];
  await home.dispose();
  return all;
}

interface EventLog {
  /** The next event of that type. */
  next(type: string): Promise<void>;
  close(): void;
}

function openEvents(port: number, token: string): Promise<EventLog> {
  return new Promise((resolve, reject) => {
    let waiting: { type: string; seen: () => void } | undefined;
    const request = httpGet(
      { host: '127.0.0.1', port, path: '/api/v1/events', agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          if (!waiting || !text.includes(`event: ${waiting.type}\n`)) return;
          waiting.seen();
          waiting = undefined;
        });
        resolve({
          next: (type) => new Promise<void>((seen) => (waiting = { type, seen })),
          close: () => request.destroy(),
        });
      },
    );
    request.once('error', reject);
  });
}

function fetchMs(port: number, token: string, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    httpGet(
      { host: '127.0.0.1', port, path: '/api/v1/sessions', agent, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(performance.now() - startedAt));
      },
    ).once('error', reject);
  });
}

/** Sessions that never come to rest: processes that the daemon is told of, with no claude in them. */
async function startSessions(
  client: DaemonClient,
  count: number,
  cwd: string,
  configDir: string,
): Promise<(() => void)[]> {
  const ends: (() => void)[] = [];
  for (let index = 0; index < count; index++) {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const startTime = processStartTime(child.pid!)!;
    const stream = await client.supervise({
      pid: child.pid!,
      startTime,
      supervisorPid: process.pid,
      cwd: `${cwd}/${index}`,
      configDir,
    });
    ends.push(() => {
      stream.close();
      child.kill();
    });
  }
  return ends;
}

async function measurePage(keys: number, terminals: number, progress: (text: string) => void): Promise<Figure[]> {
  const { home } = await startBenchHome();
  const env = { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs'), CLAUDEX_SESSIONS_MAX: String(terminals) };
  const web = await startWeb(home, { env });
  for (let index = 0; index < terminals; index++) {
    const { code, stderr } = await runClaudex(['start', home.cwd, '--name', `s${index}`], {
      env: home.env(undefined, env),
      cwd: home.cwd,
    });
    if (code !== 0) throw new Error(stderr);
  }
  const { page: newPage } = await startBrowser();
  const page = await newPage();
  progress('the page');
  const { kilobytes, usableMs } = await load(page, web);
  const paintedMs = await typeKeys(page, keys);
  progress('a flood');
  const { answerMs, peakMb } = await flood(page, web);
  progress(`${terminals} terminals`);
  await page.goto(`${web.url}/#/wall`);
  await until(async () => (await page.locator('.tile .xterm').count()) === terminals, { timeoutMs: 60_000 });
  const wallMs = await frameMs(page);
  const all = [
    figure('first load with a terminal, compressed', kilobytes, 'kB', 350),
    figure('first load: until the list can be used', usableMs, 'ms', 500),
    figure('key → painted, p50', median(paintedMs), 'ms', 25, `${keys} keys; the stand-in answers each with a line`),
    figure('key → painted, p99', percentile(paintedMs, 99), 'ms'),
    figure('40 MB flood: the page answers a click within, p50', median(answerMs), 'ms'),
    figure('40 MB flood: server, resident memory, most', peakMb, 'MB', 120),
    figure(`wall of ${terminals} terminals: a frame, p50`, median(wallMs), 'ms'),
  ];
  await home.dispose();
  return all;
}

async function load(page: Page, web: RunningWeb): Promise<{ kilobytes: number; usableMs: number }> {
  await page.goto(`${web.url}/#pair=${await web.pairingCode()}`);
  await page.getByRole('link', { name: /s0/ }).first().waitFor();
  let bytes = 0;
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.setCacheDisabled', { cacheDisabled: true });
  await network.send('Network.setBypassServiceWorker', { bypass: true });
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto('about:blank');
  const startedAt = performance.now();
  await page.goto(`${web.url}/#/`);
  await page.getByRole('link', { name: /s0/ }).first().waitFor();
  const usableMs = performance.now() - startedAt;
  await page.getByRole('link', { name: /s0/ }).first().click();
  await until(async () => (await terminalText(page)).includes('READY'), { timeoutMs: 30_000 });
  return { kilobytes: bytes / 1000, usableMs };
}

/** From a key that xterm has been given to the frame that shows what came back for it. */
function typeKeys(page: Page, count: number): Promise<number[]> {
  return page.evaluate(async (keys) => {
    const { claudexTerminal: terminal } = globalThis as unknown as {
      claudexTerminal: {
        input(text: string): void;
        onRender(listener: () => void): { dispose(): void };
        buffer: { active: { cursorY: number; baseY: number } };
      };
    };
    const took: number[] = [];
    for (let index = 0; index < keys; index++) {
      const { active } = terminal.buffer;
      const before = active.baseY + active.cursorY;
      const startedAt = performance.now();
      await new Promise<void>((resolve) => {
        const rendered = terminal.onRender(() => {
          if (active.baseY + active.cursorY === before) return;
          rendered.dispose();
          resolve();
        });
        terminal.input('x');
      });
      took.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return took;
  }, count);
}

async function flood(page: Page, web: RunningWeb): Promise<{ answerMs: number[]; peakMb: number }> {
  await page.evaluate(() =>
    (globalThis as unknown as { claudexTerminal: { input(text: string): void } }).claudexTerminal.input('f'),
  );
  const answerMs: number[] = [];
  let peakMb = 0;
  while (!(await terminalText(page)).includes('FLOOD DONE')) {
    answerMs.push(...(await frameMs(page, 3)));
    peakMb = Math.max(peakMb, residentMb(web.child.pid!));
  }
  return { answerMs, peakMb };
}

/** How long the page takes to come to a click and to the next frame after it. */
function frameMs(page: Page, count = 30): Promise<number[]> {
  return page.evaluate(async (frames) => {
    const took: number[] = [];
    for (let index = 0; index < frames; index++) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      await new Promise<void>((resolve) =>
        (globalThis as unknown as { requestAnimationFrame(then: () => void): void }).requestAnimationFrame(resolve),
      );
      took.push(performance.now() - startedAt);
    }
    return took;
  }, count);
}
