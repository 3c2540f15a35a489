/** What conversations cost, from transcripts as claude writes them. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conversationFile } from '../../../src/claude/transcript/conversation-files.ts';
import { UsageReader } from '../../../src/history/usage.ts';
import { verifies } from '../../requirements.ts';

const first = '11111111-2222-4333-8444-555555555555';
const fork = '99999999-2222-4333-8444-555555555555';

/** A record of an answer of the API. */
function answer(id: string, output: number, more: object = {}): string {
  const usage = { input_tokens: 10, output_tokens: output, cache_read_input_tokens: 5, cache_creation_input_tokens: 2 };
  const message = { id, role: 'assistant', content: [{ type: 'text', text: '{"usage":{"input_tokens":999}}' }], usage };
  return JSON.stringify({
    type: 'assistant',
    cwd: '/work/api',
    timestamp: '2026-11-21T12:00:00.000Z',
    message,
    ...more,
  });
}

const prompt = (text: string): string =>
  JSON.stringify({
    type: 'user',
    promptId: text,
    origin: { kind: 'human' },
    timestamp: '2026-11-21T11:59:00.000Z',
    cwd: '/work/api',
    message: { role: 'user', content: text },
  });

describe(`usage ${verifies('usage')}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cxt-usage-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(id: string, lines: string[], seconds: number) {
    const path = join(folder, `${id}.jsonl`);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    utimesSync(path, seconds, seconds);
    return conversationFile(path)!;
  }

  it('counts each answer once, with the tokens of its last record; a fork counts what is its own', async () => {
    const shared = [prompt('one'), answer('msg_1', 1), answer('msg_1', 30)];
    const files = [
      write(fork, [...shared, prompt('mine'), answer('msg_9', 7)], 2000),
      write(first, [...shared, prompt('two'), answer('msg_2', 4), 'no json', '{"type":"assistant","usage":{}}'], 1000),
    ];
    const reader = new UsageReader();
    await reader.read(files);
    const report = reader.report();
    const each = { inputTokens: 10, cacheReadTokens: 5, cacheWriteTokens: 2, costUsd: null };
    expect(report.total).toEqual({
      inputTokens: 30,
      outputTokens: 41,
      cacheReadTokens: 15,
      cacheWriteTokens: 6,
      costUsd: null,
    });
    expect(report.days).toMatchObject([{ day: '2026-11-21', outputTokens: 41 }]);
    const bySession = Object.fromEntries(
      report.sessions.map(({ sessionId, outputTokens }) => [sessionId, outputTokens]),
    );
    expect(bySession).toEqual({ [first]: 34, [fork]: 7 });
    expect(reader.turns(files[1]!)).toEqual([
      { turn: 1, ...each, outputTokens: 30 },
      { turn: 2, ...each, outputTokens: 4 },
    ]);
    expect(reader.report(Date.parse('2026-11-22')).total.outputTokens).toBe(0);
  });

  it('reads on where it was, and not the half of a line', async () => {
    const file = write(first, [answer('msg_1', 1)], 1000);
    const reader = new UsageReader();
    await reader.read([file]);
    const next = answer('msg_2', 2);
    appendFileSync(file.path, next.slice(0, 150));
    await reader.read([file]);
    expect(reader.report().total.outputTokens).toBe(1);
    appendFileSync(file.path, `${next.slice(150)}\n`);
    await reader.read([file]);
    expect(reader.report().total.outputTokens).toBe(3);
  });

  it('a subagent’s answers are its session’s; a cost that is written down is told', async () => {
    const file = write(first, [prompt('one'), answer('msg_1', 1, { costUSD: 0.25 })], 1000);
    mkdirSync(join(folder, first, 'subagents'), { recursive: true });
    const later = { timestamp: '2026-11-21T12:00:01.000Z' };
    writeFileSync(join(folder, first, 'subagents', 'agent-1.jsonl'), `${answer('msg_5', 50, later)}\n`);
    const reader = new UsageReader();
    await reader.read([file]);
    expect(reader.report().sessions).toMatchObject([{ sessionId: first, outputTokens: 51, costUsd: 0.25 }]);
    expect(reader.turns(file)).toMatchObject([{ turn: 1, outputTokens: 51 }]);
  });
});
