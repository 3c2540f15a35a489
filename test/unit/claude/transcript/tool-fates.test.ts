/** What a transcript says of a tool call, and of a hook's decision about it. */
import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ToolFates } from '../../../../src/claude/transcript/tool-fates.ts';
import { verifies } from '../../../requirements.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const at = '2026-11-28T08:08:41.063Z';
const call = { type: 'tool_use', id: 'toolu_1', name: 'WebFetch', input: { url: 'http://127.0.0.1:9/x' } };
const result = { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: 'nobody is there' };
const called = { type: 'assistant', timestamp: at, message: { content: [call] } };
const ended = { type: 'user', timestamp: at, message: { content: [result] } };
const decided = {
  type: 'attachment',
  timestamp: at,
  attachment: { type: 'hook_permission_decision', decision: 'allow', toolUseID: 'toolu_1' },
};
/** What 2.1.332 writes of its request to the API: before the result's own record, or after it, and without a date. */
const requested = { type: 'api-request-blob', hash: 'c971', message: { role: 'user', content: [result] } };

describe('what became of a tool call', () => {
  it.each([
    ['the request to the API comes last', [called, decided, ended, requested]],
    ['the request to the API comes before the result', [called, requested, decided, ended]],
    ['of the request to the API nothing stands there', [called, decided, ended]],
  ])(`the result and the decision are found: %s ${verifies('answer-truth')}`, (_, records) => {
    const path = join(temporaryFolder(), 'transcript.jsonl');
    const fates = new ToolFates(path);
    // look by look, as they come
    for (const record of records) {
      appendFileSync(path, `${JSON.stringify(record)}\n`);
      fates.look((file) => statSync(file).size);
    }
    expect(fates.look((file) => statSync(file).size)).toMatchObject([
      { toolUseId: 'toolu_1', tool: 'WebFetch', endedAt: Date.parse(at), hookDecision: 'allow', isError: true },
    ]);
  });
});
