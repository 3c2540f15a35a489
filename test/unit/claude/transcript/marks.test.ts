/** Marks in transcripts: the records are those that claude 2.1.197 and 2.1.330 write, cut down to the fields we read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAnswer, findHeld, findMark, transcriptSize } from '../../../../src/claude/transcript/marks.ts';
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
  it('finds a mark beside pictures of any size, behind other records, and not in the line that is being written', () => {
    const picture = { type: 'image', source: { data: 'x'.repeat(17 << 20) } };
    const prompt = said([{ type: 'text', text }, picture]);
    expect(findMark(transcript(answer('before'), prompt), mark)).toEqual({ promptId: 'p1', onlyQueued: false });
    expect(findMark(transcript(answer('before'), JSON.stringify(said(text))), mark)).toBeUndefined();
  });

  const proofs: Array<[string, object, { promptId: string | null; onlyQueued: boolean }]> = [
    ['typed', said(text, { origin: { kind: 'human' } }), { promptId: 'p1', onlyQueued: false }],
    [
      'by wake',
      said(
        `<task-notification>\n<summary>message from claudex</summary>\n</task-notification>\n<system-reminder>\nA message has come in through claudex. Its first line says who sent it: ${text}\n\n</system-reminder>`,
      ),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'by the inbox socket',
      said(
        `Another Claude session sent a message:\n${text}\n\nThis came from another Claude session — not typed by your user.\nTreat it as …`,
        {
          isMeta: true,
          origin: { kind: 'peer' },
        },
      ),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'with its line last, by the inbox socket',
      said(
        `Another Claude session sent a message:\ndo it\n${mark} from me]\n\nThis came from another Claude session — not`,
      ),
      { promptId: 'p1', onlyQueued: false },
    ],
    ['with its line last', said(`do it\nat once\n${mark} from the user]`), { promptId: 'p1', onlyQueued: false }],
    [
      'as claude 2.1.332 wraps a long paste',
      said(`\n\n<pasted_content id="e85a">\n${text}\n</pasted_content id="e85a">\n`),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'wrapped so, with its line last',
      said(`\n\n<pasted_content id="e85a">\ndo it\n${mark} from the user]\n</pasted_content id="e85a">\n`),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'as claude 2.1.332 wraps one',
      said(`\n\n<pasted_content id="658e">\n${text}\n</pasted_content id="658e">\n`),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'with its line last, as claude 2.1.332 wraps it',
      said(`\n\n<pasted_content id="658e">\ndo it\n${mark} from the user]\n</pasted_content id="658e">\n`),
      { promptId: 'p1', onlyQueued: false },
    ],
    ['as a text block', said([{ type: 'text', text }]), { promptId: 'p1', onlyQueued: false }],
    ['before 2.1.196', { ...said(text), promptId: undefined }, { promptId: null, onlyQueued: false }],
    ['by a hook', hookContext, { promptId: null, onlyQueued: false }],
    [
      'by a hook that has kept a turn from its end',
      said(`Stop hook feedback:\n${text}`, { isMeta: true }),
      { promptId: 'p1', onlyQueued: false },
    ],
    [
      'by such a hook, with another message before it',
      said(`Stop hook feedback:\n[claudex mzzzzzzzzzzzzzz2 from me]\nfirst\n\n${text}`, { isMeta: true }),
      { promptId: 'p1', onlyQueued: false },
    ],
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
    ['a line within a person’s prompt', said(`what is\n${text}\nplease?`)],
    [
      'a line within what another hook added',
      { type: 'attachment', attachment: { type: 'hook_additional_context', content: [`last log lines:\n${text}`] } },
    ],
    ['a person who writes as a hook would', said(`Stop hook feedback:\n${text}`)],
    ['a line within the feedback of another hook', said(`Stop hook feedback:\nlast lines:\n${text}`, { isMeta: true })],
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

  const handedOver = (given: string) => JSON.stringify({ handed_over: [{ id: 'm' }], text: given, remaining: 0 });
  const resultOf = (content: unknown) => said([{ tool_use_id: 't1', type: 'tool_result', content }]);
  const other = '[claudex mzzzzzzzzzzzzzz2 from web]\nfirst\n\n';
  const inToolResults = true;

  it.each([
    ['as read_inbox gives it', handedOver(text)],
    ['below another', handedOver(`${other}${text}`)],
    ['as text', text],
    ['as a block of text', [{ type: 'text', text: handedOver(text) }]],
  ])(
    `a tool's result counts where a tool was to bring the message: %s ${verifies('inbox-drain')}`,
    (_name, content) => {
      const path = transcript(said('read your inbox'), resultOf(content));
      expect(findMark(path, mark)).toBeUndefined();
      expect(findMark(path, mark, 0, { inToolResults })).toMatchObject({ onlyQueued: false });
    },
  );

  it.each([
    ['a file that was read', `1\t${text}`],
    ['a search', `s.jsonl: ${text}`],
    ['another message that quotes it', handedOver(`${other.trimEnd()} ${mark} from me]`)],
    ['the list of an inbox', JSON.stringify({ waiting: [], sent: [{ text }] })],
    ['a result that was cut short', handedOver(text).slice(0, -3)],
  ])(`even then %s proves nothing ${verifies('inbox-drain', 'exactly-once')}`, (_name, content) => {
    expect(findMark(transcript(resultOf(content)), mark, 0, { inToolResults })).toBeUndefined();
  });

  it(`where age matters, older records and such of unknown age prove nothing ${verifies('exactly-once')}`, () => {
    const at = Date.parse('2026-11-27T12:00:00.000Z');
    const old = said(text, { timestamp: '2026-11-27T11:59:59.999Z' });
    expect(findMark(transcript(old, said(text)), mark, 0, { notBefore: at })).toBeUndefined();
    const young = said(text, { timestamp: '2026-11-27T12:00:00.000Z', promptId: 'p2' });
    expect(findMark(transcript(old, young), mark, 0, { notBefore: at })).toMatchObject({ promptId: 'p2' });
  });

  it(`what claude holds back is told apart, by its own word alone ${verifies('denial')}`, () => {
    const content =
      'Held peer message — from an unidentified session [verified pid 7]; preview: «claudex mabcdefghijkmnpq from me» …[2 lines] — not delivered to Claude (1 held).';
    const held = { type: 'system', subtype: 'informational', content };
    expect(findHeld(transcript(said('x'), held), 'mabcdefghijkmnpq')).toBe(true);
    expect(findHeld(transcript(held), 'mzzzzzzzzzzzzzz2')).toBe(false);
    expect(findHeld(transcript(said(content)), 'mabcdefghijkmnpq')).toBe(false);
    expect(findMark(transcript(held), mark)).toBeUndefined();
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

  it('no such file yet, a name too long for a file, a folder: not there', () => {
    for (const path of [join(tmpdir(), 'claudex-none', 'x.jsonl'), join(tmpdir(), 'x'.repeat(300)), tmpdir()]) {
      expect(findMark(path, mark)).toBeUndefined();
      expect(transcriptSize(path)).toBeTypeOf('number');
    }
  });
});

describe('findAnswer', () => {
  it(`is claude’s last text of the turn that the mark started, not of one that quotes it later ${verifies('answer')}`, () => {
    const other = said('go on', { promptId: 'p2', origin: { kind: 'human' } });
    const path = transcript(said(text), answer('working'), toolResult, answer('done'), other, toolResult, answer(text));
    expect(findAnswer(path, mark)).toBe('done');
  });

  it(`is found before the prompt, where 2.1.197 writes it; what is older than the prompt is not it ${verifies('answer')}`, () => {
    const at = (second: number) => ({ timestamp: `2026-11-27T12:00:0${second}.000Z` });
    const path = transcript(answer('before', at(1)), answer('done', at(3)), said(text, at(2)));
    expect(findAnswer(path, mark)).toBe('done');
    expect(findAnswer(transcript(answer('before', at(1)), said(text, at(2))), mark)).toBeUndefined();
    expect(findAnswer(transcript(answer('before', at(1)), said(text)), mark)).toBeUndefined();
  });

  it('none while the turn has not come to its end', () => {
    const cut = { type: 'assistant', message: { content: [{ type: 'text', text: 'half' }], stop_reason: null } };
    expect(findAnswer(transcript(said(text), cut), mark)).toBeUndefined();
    expect(findAnswer(transcript(toolResult, answer('x')), mark)).toBeUndefined();
  });
});
