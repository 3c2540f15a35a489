import { describe, expect, it } from 'vitest';
import { ClaudexError } from '../../src/errors.ts';
import {
  errorBody,
  errorStatus,
  messageBody,
  messageEvents,
  parseMessagesRequest,
} from '../../src/serve/messages-shape.ts';
import { verifies } from '../requirements.ts';

const user = (content: unknown) => ({ role: 'user', content });
const ask = (fields: object) =>
  parseMessagesRequest({ model: 'sonnet', max_tokens: 9, messages: [user('hi')], ...fields });

describe(`the Messages API's shape ${verifies('serve')}`, () => {
  it('is read: one message, blocks, system, history, stream', () => {
    expect(ask({})).toEqual({ prompt: 'hi', model: 'sonnet', options: { model: 'sonnet' }, stream: false });
    const blocks = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'b' },
    ];
    expect(ask({ messages: [user(blocks)], stream: true, system: blocks, tools: [] })).toMatchObject({
      prompt: 'a\nb',
      stream: true,
      options: { appendSystemPrompt: 'a\nb' },
    });
    const { prompt } = ask({ messages: [user('one'), { role: 'assistant', content: 'two' }, user('three')] });
    expect(prompt).toMatch(/<user>\none\n<\/user>\n<assistant>\ntwo\n<\/assistant>[\s\S]*three$/);
  });

  it.each([
    [null, /body/],
    [[], /body/],
    [{ messages: [user('x')] }, /model/],
    [{ model: 'm', messages: [] }, /messages/],
    [{ model: 'm', messages: ['x'] }, /messages\[0\]/],
    [{ model: 'm', messages: [{ role: 'system', content: 'x' }] }, /role/],
    [{ model: 'm', messages: [user('x'), { role: 'assistant', content: 'y' }] }, /last message/],
    [{ model: 'm', messages: [user(' ')] }, /empty/],
    [{ model: 'm', messages: [user([{ type: 'image' }])] }, /text block/],
    [{ model: 'm', messages: [user('x')], tools: [{ name: 't' }] }, /tools/],
    [{ model: 'm', messages: [user('x')], stop_sequences: ['a'] }, /stop_sequences/],
  ])('%j is refused', (body, message) => {
    expect(() => parseMessagesRequest(body)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(message) }),
    );
  });

  it('is written: whole, as events, as errors', () => {
    const result = { usage: { input_tokens: 3, output_tokens: 5, other: 'x' } } as never;
    expect(messageBody('msg_1', 'm', 'hello', result)).toMatchObject({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 5, cache_read_input_tokens: 0 },
    });
    const stream = messageEvents.start('msg_1', 'm') + messageEvents.token('a\nb') + messageEvents.end(result);
    const events = stream
      .trim()
      .split('\n\n')
      .map((one) => one.split('\n'));
    expect(events.map(([name]) => name!.slice(7))).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    for (const [name, data] of events) expect(JSON.parse(data!.slice(6)).type).toBe(name!.slice(7));
    const full = new ClaudexError('POOL_EXHAUSTED');
    expect([errorStatus(full), errorBody(full)]).toEqual([
      529,
      { type: 'error', error: { type: 'overloaded_error', message: full.message } },
    ]);
    expect(errorStatus(new ClaudexError('CLAUDE_ERROR'))).toBe(502);
  });
});
