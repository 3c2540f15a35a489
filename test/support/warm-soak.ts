/** Many requests over one pool with random aborts, timeouts and kills, all from one seed. Used by a test and by the bench. */

import { kill } from '../../src/process/tree.ts';
import type { ClaudexClient, RunOptions } from '../../src/warm/client.ts';
import { seededRandom } from './seeded-random.ts';

export interface SoakOptions {
  requests: number;
  seed: number;
  /** Requests at a time. */
  concurrency: number;
  run?: RunOptions;
  /** The prompt that is answered with `word`, after `delayMs`; the answer must begin with the word. */
  prompt?: (word: string, delayMs: number) => string;
}

export interface SoakReport {
  answered: number;
  aborted: number;
  timedOut: number;
  crashed: number;
  /** Answers that were not to their question, and failures that nothing of ours explains. */
  wrong: string[];
  /** Every process that served. */
  pids: number[];
}

/** Runs them all. Bounded: each request has 30 s. */
export async function soak(client: ClaudexClient, options: SoakOptions): Promise<SoakReport> {
  const { requests, seed, concurrency, run = {}, prompt = (word, delayMs) => `slow ${delayMs} ${word}` } = options;
  const random = seededRandom(seed);
  const report: SoakReport = { answered: 0, aborted: 0, timedOut: 0, crashed: 0, wrong: [], pids: [] };
  const sessions = new Set<string>();
  client.on('spawn', ({ pid }) => report.pids.push(pid));
  let next = 0;
  const one = async (): Promise<void> => {
    for (let index = next++; index < requests; index = next++) {
      const fate = random();
      const delayMs = Math.floor(random() * 40);
      const word = `answer-${seed}-${index}`;
      const stop = new AbortController();
      const timer = fate < 0.12 ? setTimeout(() => stop.abort(), delayMs) : undefined;
      const timeoutMs = fate > 0.92 ? 1 + Math.floor(random() * 40) : 30_000;
      if (fate > 0.12 && fate < 0.15) killOne(client, random());
      try {
        const { text, sessionId } = await client.run(prompt(word, delayMs), { ...run, signal: stop.signal, timeoutMs });
        if (!text.startsWith(word) || text.startsWith(`${word}0`)) report.wrong.push(`asked for ${word}, got ${text}`);
        if (sessions.has(sessionId)) report.wrong.push(`${word}: a session that another request had`);
        sessions.add(sessionId);
        report.answered++;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === 'ABORTED' && timer) report.aborted++;
        else if (code === 'TIMEOUT' && timeoutMs < 30_000) report.timedOut++;
        else if (code === 'SESSION_CRASHED') report.crashed++;
        else report.wrong.push(`${word}: ${error}`);
      } finally {
        clearTimeout(timer);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return report;
}

/** Kills a process that serves a request: nothing else of ours may notice. */
function killOne(client: ClaudexClient, chance: number): void {
  const busy = client.stats().processes.filter(({ state, pid }) => state === 'busy' && pid > 0);
  const victim = busy[Math.floor(chance * busy.length)];
  // it may just have ended, and its pool not know yet
  if (victim) kill(victim.pid);
}
