/**
 * What the web face costs: its list with a thousand sessions and two hundred programs (web-list.ts), and the page in a real Chromium: first load,
 * keys, a flood, twenty terminals at once. Claude is a stand-in that is bytes only.
 */
import type { Page } from 'playwright-core';
import { startBrowser, terminalText } from '../test/support/browser.ts';
import { fixture, runClaudex } from '../test/support/claudex.ts';
import { until } from '../test/support/until.ts';
import { type RunningWeb, startWeb } from '../test/support/web.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';
import { residentMb } from './proc.ts';
import { sleep } from './relay-idle.ts';
import { openRelayTerminal } from './relay-terminal.ts';
import { webFigure } from './web-figure.ts';
import { measureList } from './web-list.ts';

export const measureWeb: Measurement = async ({ quick, progress }) => [
  ...(await measureList(quick ? 100 : 1000, quick ? 4000 : 12_000, progress)),
  ...(await measurePage(quick ? 40 : 200, quick ? 6 : 20, progress)),
];

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
  const echoMs = await ownEcho(keys, home.cwd, home.env());
  progress('a flood');
  const { answerMs, peakMb } = await flood(page, web);
  progress(`${terminals} terminals`);
  await page.goto(`${web.url}/#/wall`);
  await until(async () => (await page.locator('.tile .xterm').count()) === terminals, { timeoutMs: 60_000 });
  const wallMs = await frameMs(page);
  const all = [
    webFigure('first load with a terminal, compressed', kilobytes, 'kB', 350),
    webFigure('first load: until the list can be used', usableMs, 'ms', 500),
    webFigure(
      'key → painted, over the echo of a bare terminal, p50',
      median(paintedMs) - median(echoMs),
      'ms',
      25,
      `${keys} keys; the stand-in answers each with a line, on a terminal of its own after ${median(echoMs).toFixed(1)} ms`,
    ),
    webFigure('key → painted, p50', median(paintedMs), 'ms'),
    webFigure('key → painted, p99', percentile(paintedMs, 99), 'ms'),
    webFigure('40 MB flood: the page answers a click within, p50', median(answerMs), 'ms'),
    webFigure('40 MB flood: server, resident memory, most', peakMb, 'MB', 120),
    webFigure(`wall of ${terminals} terminals: a frame, p50`, median(wallMs), 'ms'),
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
        terminal.input('k');
      });
      took.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return took;
  }, count);
}

/** The same program on a terminal with nothing between: from a key to what comes back for it. */
async function ownEcho(keys: number, cwd: string, env: Record<string, string>): Promise<number[]> {
  const terminal = openRelayTerminal(process.execPath, [fixture('flooding-claude.mjs')], { cwd, env });
  await terminal.waitFor('READY');
  const took: number[] = [];
  for (let index = 0; index < keys; index++) {
    const startedAt = performance.now();
    const echoed = terminal.waitFor('typed');
    terminal.write('k');
    took.push((await echoed) - startedAt);
    await sleep(30);
  }
  terminal.kill();
  await terminal.exited;
  return took;
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
