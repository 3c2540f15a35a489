/**
 * What a warm process saves: cold `claude -p`, `claudex prompt` and the library, one after the other in each round, with the
 * same stand-in API. And a soak of the pool on the real claude.
 */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { resetPrompt } from '../src/claude/stream/fresh-start.ts';
import { type ClaudexClient, createClient } from '../src/warm/client.ts';
import { StreamChild } from '../src/warm/pool/stream-child.ts';
import { realClaudePath } from '../test/support/claude-binary.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { createHermeticHome } from '../test/support/hermetic-home.ts';
import { type LoopbackApi, startLoopbackApi } from '../test/support/loopback-api.ts';
import { isAlive, processesWithEnvironment } from '../test/support/processes.ts';
import { registerResource } from '../test/support/resources.ts';
import { soak } from '../test/support/warm-soak.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';
import { timeCommand } from './timing.ts';

const question = 'Answer with one word.';

export const measureWarm: Measurement = async ({ quick, progress }) => {
  const { home, api, client, env, options } = await start();
  const cold: number[] = [];
  const prompt: number[] = [];
  const library: number[] = [];
  const emptyNode: number[] = [];
  const apiMs: number[] = [];
  const expected = (stdout: string): boolean => stdout === 'ok\n';
  const ask = { file: process.execPath, args: [claudexBin, 'prompt', question], env, cwd: home.cwd, expect: expected };
  const coldly = { file: realClaudePath(), args: ['-p', question], env, cwd: home.cwd, expect: expected };
  await client.prewarm(options, 1);
  const alone = await startAlone(home.cwd, env);
  const claudeAlone: number[] = [];
  for (let round = -1; round < (quick ? 5 : 25); round++) {
    const samples = {
      cold: await timeCommand(coldly),
      prompt: await timeCommand(ask),
      empty: await timeCommand({ file: process.execPath, args: ['-e', '0'], env }),
    };
    for (let again = 0; again < 4; again++) {
      await atRest(client);
      const startedAt = performance.now();
      await client.run(question, options);
      if (round >= 0) library.push(performance.now() - startedAt);
      const aloneMs = await alone();
      if (round >= 0) claudeAlone.push(aloneMs);
    }
    const body = JSON.stringify(api.requests.at(-1)?.body);
    const postMs = await timePost(`${api.url}/v1/messages`, body);
    if (round < 0) continue; // the first finds nothing warm
    cold.push(samples.cold);
    prompt.push(samples.prompt);
    emptyNode.push(samples.empty);
    apiMs.push(postMs);
    progress(`round ${round + 1}: cold ${samples.cold.toFixed(0)} ms, claudex prompt ${samples.prompt.toFixed(0)} ms`);
  }
  const api50 = median(apiMs);
  const over = (samples: readonly number[]): number => median(samples) - api50;
  const figure = (name: string, value: number, rest: Partial<Figure> = {}): Figure => ({
    measurement: 'warm',
    name,
    value,
    unit: 'ms',
    ...rest,
  });
  const baseline = { name: 'cold `claude -p`', value: median(cold) };
  const limit = median(emptyNode) + median(library) + 45;
  return [
    figure('cold `claude -p`, p50', median(cold), { note: `p99 ${percentile(cold, 99).toFixed(0)} ms` }),
    figure('library, warm, p50', median(library), { baseline, note: `p99 ${percentile(library, 99).toFixed(0)} ms` }),
    figure('library over the API’s time, p50', over(library), {
      baseline: { name: 'claude alone after its /clear', value: over(claudeAlone) },
      target: { max: Math.max(35, 1.1 * over(claudeAlone)), name: '35, or 1.1 × claude alone where that is more' },
      note: `the API: ${api50.toFixed(1)} ms`,
    }),
    figure('cold over the API’s time ÷ the library’s', over(cold) / over(library), {
      unit: '×',
      target: {
        min: Math.min(15, (0.9 * over(cold)) / over(claudeAlone)),
        name: '15, or 0.9 × what claude alone allows where that is less',
      },
    }),
    figure('`claudex prompt`, warm, p50', median(prompt), {
      baseline,
      target: { max: limit, name: '`node -e 0` + library + 45' },
      note: `p99 ${percentile(prompt, 99).toFixed(0)} ms; node -e 0: ${median(emptyNode).toFixed(0)} ms`,
    }),
  ];
};

export const measureWarmSoak: Measurement = async ({ quick, progress }) => {
  const { home, client, options } = await start({ delays: true });
  const requests = quick ? 200 : 2000;
  const startedAt = performance.now();
  const ticker = setInterval(() => progress(JSON.stringify(client.stats().counters)), 10_000);
  const report = await soak(client, {
    requests,
    seed: 2026,
    concurrency: 8,
    run: options,
    prompt: (word, delayMs) => `DELAY[${delayMs}] SAY[${word}.]`,
  }).finally(() => clearInterval(ticker));
  const tookMs = performance.now() - startedAt;
  await client.close();
  for (const wrong of report.wrong.slice(0, 10)) progress(wrong);
  const left = new Set([...report.pids.filter(isAlive), ...processesWithEnvironment([home.root])]);
  const count = (name: string, value: number, rest: Partial<Figure> = {}): Figure => ({
    measurement: 'warm-soak',
    name,
    value,
    unit: '',
    ...rest,
  });
  const { answered, aborted, timedOut, crashed, pids, wrong } = report;
  return [
    count('requests over a pool of 4', requests, {
      note: `${answered} answered, ${aborted} aborted, ${timedOut} timed out, ${crashed} killed; ${pids.length} processes, ${(tookMs / 1000).toFixed(0)} s`,
    }),
    count('answers that were not to their question', wrong.length, { target: { max: 0 } }),
    count('processes left after close', left.size, { target: { max: 0 } }),
  ];
};

interface Stage {
  home: ReturnType<typeof createHermeticHome>;
  api: LoopbackApi;
  client: ClaudexClient;
  env: Record<string, string>;
  options: { cwd: string; env: Record<string, string | undefined> };
}

async function start({ delays = false } = {}): Promise<Stage> {
  const home = createHermeticHome();
  const api = await startLoopbackApi(({ prompt }) => {
    if (!delays) return { text: 'ok' };
    const text = /SAY\[(.*?)\]/.exec(prompt)?.[1] ?? 'nothing was asked';
    return { text, delayMs: Number(/DELAY\[(\d+)\]/.exec(prompt)?.[1] ?? 0) };
  });
  registerResource({ label: 'API stand-in', dispose: () => api.close() });
  const client = createClient({ claudeBinary: realClaudePath(), poolSize: 4, maxRequestsPerSession: 100 });
  registerResource({ label: 'warm pool', dispose: () => client.close() });
  const env = home.env(api);
  const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return { home, api, client, env, options: { cwd: home.cwd, env: { ...none, ...env } } };
}

/** Claude itself, on a pipe and without the library: what it takes for a question once `/clear` is done. The least there can be. */
async function startAlone(cwd: string, env: Record<string, string>): Promise<() => Promise<number>> {
  let answered: () => void = () => undefined;
  const claude = new StreamChild({ file: realClaudePath(), args: [], cwd, env }, (line) => {
    if (line.type === 'result') answered();
  });
  registerResource({ label: 'claude alone', dispose: () => void process.kill(claude.pid!, 'SIGKILL') });
  const ask = async (text: string): Promise<number> => {
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      answered = resolve;
      claude.prompt(text);
    });
    return performance.now() - startedAt;
  };
  await ask(resetPrompt);
  return async () => {
    const tookMs = await ask(question);
    await ask(resetPrompt);
    return tookMs;
  };
}

/** The reset after the last request is not part of the next one, unless somebody asks without a pause. */
async function atRest(client: ClaudexClient): Promise<void> {
  while (client.stats().processes.some(({ state }) => state !== 'idle')) await delay(5);
}

/** The API alone: the same body, the whole answer. */
function timePost(url: string, body: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const post = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - startedAt));
    });
    post.on('error', reject).end(body);
  });
}
