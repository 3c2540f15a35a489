/** Tokens, and cost where a transcript tells it, by session, turn and day. What was read once is not read again. */
import { statSync } from 'node:fs';
import type { ConversationFile } from '../claude/transcript/conversation-files.ts';
import { indexTurns } from '../claude/transcript/turn-index.ts';
import { readUsage, subagentTranscripts, type UsageRecord } from '../claude/transcript/usage-records.ts';
import type { UsageSum } from '../protocol/usage.ts';

export interface UsageReport {
  /** Of the local calendar, the first one first. */
  days: Array<UsageSum & { day: string }>;
  /** The one written to last first. */
  sessions: Array<UsageSum & { sessionId: string; cwd: string | null; lastAt: string }>;
  total: UsageSum;
}

/** One answer of the API, with the conversation it is counted for. */
interface Counted extends UsageRecord {
  sessionId: string;
  path: string;
}

/** Whoever runs on while this reads is let in so often. */
const sliceMs = 10;

export class UsageReader {
  /** Up to where each transcript was read, in bytes. */
  readonly #ends = new Map<string, number>();
  readonly #answers = new Map<string, Counted>();

  /** Reads what is new in these transcripts, and those of their subagents. Files without a change since `sinceMs` are passed over. */
  async read(files: readonly ConversationFile[], sinceMs = 0): Promise<void> {
    let sliceEndMs = performance.now() + sliceMs;
    // the oldest first: what a fork has copied counts for whoever had it first
    for (const { sessionId, path, modifiedAt } of [...files].sort((a, b) => a.modifiedAt - b.modifiedAt)) {
      for (const one of [path, ...subagentTranscripts(path)]) {
        if ((one === path ? modifiedAt : modifiedAtOf(one)) < sinceMs) continue;
        for (const { records, end } of readUsage(one, this.#ends.get(one))) {
          for (const record of records) this.#count({ ...record, sessionId, path: one });
          this.#ends.set(one, end);
          if (performance.now() < sliceEndMs) continue;
          await new Promise((resolve) => setImmediate(resolve));
          sliceEndMs = performance.now() + sliceMs;
        }
      }
    }
  }

  /** Of those sessions, or of all that were read. */
  report(sinceMs = 0, only?: ReadonlySet<string>): UsageReport {
    const total = nothing();
    const days = new Map<string, UsageSum>();
    const sessions = new Map<string, UsageSum & { cwd: string | null; lastAt: number }>();
    for (const one of this.#answers.values()) {
      if (one.at < sinceMs || (only && !only.has(one.sessionId))) continue;
      const day = dayOf(one.at);
      const ofDay = days.get(day) ?? nothing();
      const session = sessions.get(one.sessionId) ?? { ...nothing(), cwd: one.cwd, lastAt: 0 };
      for (const sum of [total, ofDay, session]) add(sum, one);
      session.lastAt = Math.max(session.lastAt, one.at);
      days.set(day, ofDay);
      sessions.set(one.sessionId, session);
    }
    return {
      days: [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, sum]) => ({ day, ...sum })),
      sessions: [...sessions]
        .sort(([, a], [, b]) => b.lastAt - a.lastAt)
        .map(([sessionId, { lastAt, ...sum }]) => ({ sessionId, ...sum, lastAt: new Date(lastAt).toISOString() })),
      total,
    };
  }

  /** Of each turn of one conversation, by its number. A subagent's tokens count for the turn in which it answered. */
  turns(file: ConversationFile): Array<UsageSum & { turn: number }> {
    const starts = indexTurns(file.path);
    const own = [...this.#answers.values()].filter(({ sessionId }) => sessionId === file.sessionId);
    const main = own.filter(({ path }) => path === file.path);
    const turns = new Map<number, UsageSum>();
    for (const one of own) {
      const place = one.path === file.path ? one.offset : (main.findLast(({ at }) => at <= one.at)?.offset ?? 0);
      const turn = Math.max(1, starts.filter((start) => start <= place).length);
      const sum = turns.get(turn) ?? nothing();
      add(sum, one);
      turns.set(turn, sum);
    }
    return [...turns].sort(([a], [b]) => a - b).map(([turn, sum]) => ({ turn, ...sum }));
  }

  /** The last record of an answer has the whole of it; a copy in another conversation is no other answer. */
  #count(one: Counted): void {
    const known = this.#answers.get(one.answerId);
    if (!known || known.path === one.path)
      this.#answers.set(one.answerId, { ...one, offset: known?.offset ?? one.offset });
  }
}

function nothing(): UsageSum {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null };
}

function add(sum: UsageSum, one: UsageRecord): void {
  sum.inputTokens += one.inputTokens;
  sum.outputTokens += one.outputTokens;
  sum.cacheReadTokens += one.cacheReadTokens;
  sum.cacheWriteTokens += one.cacheWriteTokens;
  if (one.costUsd !== null) sum.costUsd = (sum.costUsd ?? 0) + one.costUsd;
}

function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function modifiedAtOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
