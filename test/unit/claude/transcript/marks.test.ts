/** Marks in transcripts: the records are those that claude 2.1.197 and 2.1.330 write, cut down to the fields we read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAnswer, findMark } from '../../../../src/claude/transcript/marks.ts';
import { verifies } from '../../../requirements.ts';

const mark = '[claudex mabcdefghijkmnpq';
const text = `${mark} from the user]\ndo it`;

function transcript(...records: Array<object | string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'claudex-transcript-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 's.jsonl');
  const lines = records.map((one) => (typeof one === 'string' ? one : `${JSON.stringify(one)}\n`));
  writeFileSync(path, lines.join(''));
  return path;
}

const said = (content: unknown, more: object = {}) => ({
  type: 'user',
  promptId: 'p1',
  message: { role: 'user', content },
  ...more,
});
const answer = (content: string, more: object = {}) => ({
  type: 'assistant',
  message: { role: 'assistant', content: [{ type: 'text', text: content }], stop_reason: 'end_turn' },
  ...more,
});
const hookContext = {
  type: 'attachment',
  attachment: { type: 'hook_additional_context', content: [text], hookEvent: 'Stop' },
};
const toolResult = said([{ tool_use_id: 't1', type: 'tool_result', content: text }], {
  toolUseResult: { stdout: text },
});

describe('findMark', () => {
  const proofs: Array<[string, object, { promptId: string | null; onlyQueued: boolean }]> = [
    ['typed', said(text, { origin: { kind: 'human' } }), { promptId: 'p1', onlyQueued: false }],
    [
      'by wake',
      said(`<task-notification>\n</task-notification>\n<system-reminder>\n${text}\n</system-reminder>`),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'by the inbox socket',
      said(`Another Claude session sent a message:\n${text}`, { isMeta: true, origin: { kind: 'peer' } }),
      { promptId: 'p1', onlyQueued: false },
    ],
    ['as a text block', said([{ type: 'text', text }]), { promptId: 'p1', onlyQueued: false }],
    ['before 2.1.196', { ...said(text), promptId: undefined }, { promptId: null, onlyQueued: false }],
    ['by a hook', hookContext, { promptId: null, onlyQueued: false }],
    [
      'read between tool calls',
      { type: 'attachment', attachment: { type: 'queued_command', prompt: text } },
      { promptId: null, onlyQueued: false },
    ],
    [
      'in claude’s queue',
      { type: 'queue-operation', operation: 'enqueue', content: text },
      { promptId: null, onlyQueued: true },
    ],
  ];
  for (const [name, record, found] of proofs) {
    it(`${name}: is in ${verifies('exactly-once')}`, () => {
      expect(findMark(transcript({ type: 'summary' }, record, answer('x')), mark)).toEqual(found);
    });
  }

  const quotes: Array<[string, object | string]> = [
    ['a tool’s result', toolResult],
    ['claude’s own text', answer(text)],
    ['a tool call', { type: 'assistant', message: { content: [{ type: 'tool_use', input: { command: text } }] } }],
    ['what a !command printed', said(`<bash-stdout>${text}</bash-stdout>`)],
    ['what a slash command printed', said(`<local-command-stdout>${text}</local-command-stdout>`)],
    ['a summary of the conversation', said(text, { isCompactSummary: true })],
    ['a subagent’s prompt', said(text, { isSidechain: true })],
    [
      'the request as it was sent (2.1.330)',
      { type: 'api-request-blob', message: { content: [{ type: 'text', text }] } },
    ],
    ['the last prompt (2.1.330)', { type: 'last-prompt', lastPrompt: text }],
    ['what a hook printed', { type: 'attachment', attachment: { type: 'hook_success', stdout: text } }],
    ['the summary of a Stop hook', { type: 'system', subtype: 'stop_hook_summary', hookAdditionalContext: [text] }],
    ['a prompt taken out of the queue', { type: 'queue-operation', operation: 'popAll', content: text }],
    ['a record that is being written', JSON.stringify(said(text))],
    ['no record', `${mark} from\n`],
  ];
  for (const [name, record] of quotes) {
    it(`${name} proves nothing ${verifies('exactly-once')}`, () => {
      expect(findMark(transcript(said('something else'), record), mark)).toBeUndefined();
    });
  }

  it('the prompt counts, wherever else it is quoted', () => {
    const queued = { type: 'queue-operation', operation: 'enqueue', content: text };
    expect(findMark(transcript(toolResult, queued, hookContext, said(text), answer(text)), mark)).toEqual({
      promptId: 'p1',
      onlyQueued: false,
    });
  });

  it(`a tool's result counts where a tool was to bring the message ${verifies('inbox-drain')}`, () => {
    const path = transcript(said('read your inbox'), toolResult);
    expect(findMark(path, mark)).toBeUndefined();
    expect(findMark(path, mark, 0, { inToolResults: true })).toMatchObject({ onlyQueued: false });
  });

  it('what stands before the first lease is not looked at', () => {
    const before = `${JSON.stringify(said(text))}\n`;
    expect(findMark(transcript(before, answer('x')), mark, Buffer.byteLength(before))).toBeUndefined();
    expect(findMark(transcript(before, said(text, { promptId: 'p2' })), mark, Buffer.byteLength(before))).toEqual({
      promptId: 'p2',
      onlyQueued: false,
    });
  });

  it('reads on over records longer than a chunk, and marks that lie across two', () => {
    const long = said([{ type: 'tool_result', content: `é${'x'.repeat(3 << 20)}` }]);
    for (let shift = 0; shift < 40; shift += 13) {
      const filler = said('y'.repeat((1 << 20) - 60 - shift));
      expect(findMark(transcript(filler, long, said(text)), mark)).toMatchObject({ promptId: 'p1' });
      expect(findMark(transcript(filler, said(text)), mark)).toMatchObject({ promptId: 'p1' });
    }
  });

  it('no such file yet: not there', () => {
    expect(findMark(join(tmpdir(), 'claudex-none', 'x.jsonl'), mark)).toBeUndefined();
  });
});

describe('findAnswer', () => {
  it(`is claude’s last text of the turn that the mark started, not of one that quotes it later ${verifies('answer')}`, () => {
    const other = said('go on', { promptId: 'p2', origin: { kind: 'human' } });
    const path = transcript(said(text), answer('working'), toolResult, answer('done'), other, toolResult, answer(text));
    expect(findAnswer(path, mark)).toBe('done');
  });

  it('none while the turn has not come to its end', () => {
    const cut = { type: 'assistant', message: { content: [{ type: 'text', text: 'half' }], stop_reason: null } };
    expect(findAnswer(transcript(said(text), cut), mark)).toBeUndefined();
    expect(findAnswer(transcript(toolResult, answer('x')), mark)).toBeUndefined();
  });
});
