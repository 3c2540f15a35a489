/**
 * From an answer to the start of the tool that it allows, with the real claude: by a key in the terminal, and by `claudex approve` from a
 * shell. The tool writes down when it began. How long the hook outlives the answer is measured beside.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AskingClaude } from '../test/support/asking-claude.ts';
import { hooksOf, pressUntil, startAskingClaude } from '../test/support/asking-claude.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { createHermeticHome } from '../test/support/hermetic-home.ts';
import { startLoopbackApi } from '../test/support/loopback-api.ts';
import { isAlive } from '../test/support/processes.ts';
import { registerResource } from '../test/support/resources.ts';
import { until } from '../test/support/until.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';

/** Most that an answer from a shell may be slower than a key, p50. */
const maxOverKeyMs = 60;
/** Most that a hook may outlive the answer. */
const maxHookMs = 200;

interface Round {
  /** From the key, or from the daemon's taking of the answer, to the tool's start. */
  startMs: number;
  /** From the start of the command to the tool's start, and from its end: negative when the tool began first. */
  commandMs?: number;
  returnedMs?: number;
  /** From the key or the answer to the end of the hook's last process. */
  hookMs: number;
}

export const measureQuestions: Measurement = async ({ quick, progress }) => {
  const claude = await startAskingClaude({
    home: createHermeticHome,
    api: async (script) => {
      const api = await startLoopbackApi(script as Parameters<typeof startLoopbackApi>[0]);
      registerResource({ label: 'API stand-in', dispose: () => api.close() });
      return api;
    },
    defer: (dispose) => void registerResource({ label: 'deferred', dispose }),
  });
  const rounds = quick ? 5 : 40;
  const typed: Round[] = [];
  const approved: Round[] = [];
  // the first of a session is its slowest
  await playRound(claude, -1, byKey);
  await playRound(claude, -2, byApprove);
  for (let round = 0; round < rounds; round++) {
    typed.push(await playRound(claude, 2 * round, byKey));
    approved.push(await playRound(claude, 2 * round + 1, byApprove));
    progress(`key ${typed.at(-1)!.startMs.toFixed(0)} ms, approve ${approved.at(-1)!.startMs.toFixed(0)} ms`);
  }
  await claude.driver.dispose();
  return figures(typed, approved);
};

function figures(typed: readonly Round[], approved: readonly Round[]): Figure[] {
  const p = (rounds: readonly Round[], of: (round: Round) => number, rank = 50): number =>
    percentile(rounds.map(of), rank);
  const key = median(typed.map(({ startMs }) => startMs));
  const ms = (name: string, value: number, more: Partial<Figure> = {}): Figure => {
    return { measurement: 'questions', name, value, unit: 'ms', ...more };
  };
  const over = { max: key + maxOverKeyMs, name: `the key + ${maxOverKeyMs} ms` };
  return [
    ms('key in the terminal → tool runs, p50', key, { note: `${typed.length} keys` }),
    ms(
      'approve taken by the daemon → tool runs, p50',
      p(approved, ({ startMs }) => startMs),
      { target: over, note: `${approved.length} answers` },
    ),
    ms(
      'approve taken by the daemon → tool runs, p90',
      p(approved, ({ startMs }) => startMs, 90),
    ),
    ms(
      '`approve` returned → tool runs, p50',
      p(approved, ({ returnedMs }) => returnedMs!),
      {
        target: over,
        note: 'negative: it waits for claude’s word whose answer counted',
      },
    ),
    ms(
      '`approve` started → tool runs, p50',
      p(approved, ({ commandMs }) => commandMs!),
    ),
    ms(
      '`approve` started → taken by the daemon, p50',
      p(approved, ({ commandMs, startMs }) => commandMs! - startMs),
    ),
    ms(
      'key → its hook has ended, over the tool’s start, p90',
      p(typed, ({ hookMs, startMs }) => hookMs - startMs, 90),
      { target: { max: maxHookMs } },
    ),
    ms(
      'approve taken by the daemon → its hook has ended, p90',
      p(approved, ({ hookMs }) => hookMs, 90),
      { target: { max: maxHookMs } },
    ),
  ];
}

type Answering = (
  claude: AskingClaude,
  id: string,
  isStarted: () => boolean,
) => Promise<{ at: number; command?: { from: number; to: number } }>;

async function playRound(claude: AskingClaude, serial: number, answering: Answering): Promise<Round> {
  const file = join(claude.home.cwd, `started-${serial}`);
  // the shell's own word, before it starts anything else
  await claude.ask({ name: 'Bash', input: { command: `date +%s%N > started-${serial}`, description: 'say when' } });
  const [question] = await claude.open();
  await claude.driver.waitForScreen(
    (screen) => screen.includes('Do you want to proceed?') && screen.includes(`started-${serial}`),
  );
  // a person has read it, and 2.1.332 takes no key in the first moments of a dialog
  await delay(700);
  const hooks = hooksOf(claude.home);
  const isStarted = (): boolean => readIfWhole(file) !== undefined;
  const gone = hooksGone(hooks);
  const { at, command } = await answering(claude, question!.id, isStarted);
  await until(isStarted);
  const startedAt = readIfWhole(file)!;
  const hookMs = (await gone) - at;
  await until(async () => (await claude.client.sessions())[0]?.state === 'idle');
  return {
    startMs: startedAt - at,
    hookMs,
    ...(command && { commandMs: startedAt - command.from, returnedMs: startedAt - command.to }),
  };
}

async function byKey({ driver }: AskingClaude, _id: string, isStarted: () => boolean): Promise<{ at: number }> {
  const at = clock();
  await pressUntil(driver, 'enter', isStarted);
  return { at };
}

async function byApprove(
  { home, client }: AskingClaude,
  id: string,
): Promise<{ at: number; command: { from: number; to: number } }> {
  const from = clock();
  const child = spawn(process.execPath, [claudexBin, 'approve', id], {
    cwd: home.root,
    env: home.env(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const to = clock();
  if (code !== 0) throw new Error(`claudex approve: exit ${code}`);
  return { at: (await client.question(id)).endedAt!, command: { from, to } };
}

async function hooksGone(pids: readonly number[]): Promise<number> {
  while (pids.some(isAlive)) await delay(2);
  return clock();
}

/** Milliseconds since the epoch; undefined until they are written. */
function readIfWhole(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.endsWith('\n') ? Number(text) / 1e6 : undefined;
  } catch {
    return undefined; // not yet
  }
}

function clock(): number {
  return performance.timeOrigin + performance.now();
}
