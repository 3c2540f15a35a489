/** What was said last, for whoever only glances at a conversation. */
import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastWords } from '../../../../src/claude/transcript/last-words.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe('the last words of a conversation', () => {
  const prompt = (text: string) => ({ type: 'user', origin: { kind: 'human' }, message: { content: text } });
  const answer = (text: string) => ({ type: 'assistant', message: { content: [{ type: 'text', text }] } });
  /** As 2.1.332 writes it with every prompt. */
  const snapshot = (bytes: number) => ({
    type: 'attachment',
    attachment: { type: 'prompt_snapshot', it: 'x'.repeat(bytes) },
  });

  function wordsOf(...records: object[]): string[] {
    const path = join(temporaryFolder(), 'transcript.jsonl');
    for (const record of records) appendFileSync(path, `${JSON.stringify(record)}\n`);
    return lastWords(path, statSync(path).size).map(({ who, text }) => `${who}: ${text}`);
  }

  it('are found behind what claude writes of its own', () => {
    const said = ['person: rerun the check', 'claude: 214 of 214.'];
    expect(wordsOf(prompt('rerun the check'), answer('214 of 214.'), snapshot(64_000), snapshot(44_000))).toEqual(said);
    expect(wordsOf(prompt('rerun the check'), answer('214 of 214.'), snapshot(700_000))).toEqual(said);
  });

  it('of a long conversation only the end is read', () => {
    const records = Array.from({ length: 400 }, (_, at) => [prompt(`ask ${at}`), answer('long '.repeat(200))]).flat();
    const words = wordsOf(...records);
    expect(words.length).toBeGreaterThan(100);
    expect(words.length).toBeLessThan(250);
  });
});
