/** Claude's lines as an answer of the Messages API, whole and as events; errors in its shape; metrics. */
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type AnswerPart, AnswerReader } from '../../../src/claude/stream/answer-reader.ts';
import type { ResultLine, StreamLine } from '../../../src/claude/stream/stream-json.ts';
import { ClaudexError } from '../../../src/errors/claudex-error.ts';
import { failedAnswer, logFieldsOf, toApiError } from '../../../src/serve/api-error.ts';
import { MessageStream, messageBody } from '../../../src/serve/message-stream.ts';
import { Metrics } from '../../../src/serve/metrics.ts';
import { verifies } from '../../requirements.ts';

const event = (event: object, more: object = {}): StreamLine => ({ type: 'stream_event', event, ...more });
const start = (id: string): StreamLine =>
  event({ type: 'message_start', message: { id, model: 'claude-x', usage: { input_tokens: 3 } } });
const block = event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
const delta = (text: string, more: object = {}): StreamLine =>
  event({ type: 'content_block_delta', delta: { type: 'text_delta', text } }, more);
const whole = (id: string, text: string, model = 'claude-x'): StreamLine => ({
  type: 'assistant',
  message: { id, model, content: [{ type: 'text', text }] },
});
const result: ResultLine = {
  type: 'result',
  subtype: 'success',
  session_id: 's',
  result: 'b',
  stop_reason: 'end_turn',
  usage: { input_tokens: 7, output_tokens: 4, iterations: [] },
  total_cost_usd: 0.5,
};

function read(lines: StreamLine[]): { parts: AnswerPart[]; answer: ReturnType<AnswerReader['finish']> } {
  const reader = new AnswerReader();
  return { parts: lines.flatMap((line) => reader.read(line)), answer: reader.finish(result) };
}

const texts = (parts: AnswerPart[]): string => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

describe(`an answer ${verifies('serve-sdk')}`, () => {
  it('is what claude writes to the user, before and after a tool, as one text', () => {
    const { parts, answer } = read([
      start('m1'),
      block,
      delta('a'),
      delta('A'),
      whole('m1', 'aA'),
      event({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'Bash' } }),
      event({ type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{}' } }),
      delta('of a subagent', { parent_tool_use_id: 'toolu_1' }),
      start('m2'),
      block,
      delta('b'),
      whole('m2', 'b'),
    ]);
    expect(parts[0]).toMatchObject({ type: 'begin', model: 'claude-x', usage: { input_tokens: 3, output_tokens: 0 } });
    expect(parts.filter(({ type }) => type === 'begin')).toHaveLength(1);
    expect(texts(parts)).toBe('aA\n\nb');
    expect(answer).toMatchObject({ text: 'aA\n\nb', model: 'claude-x', stopReason: 'end_turn', sessionId: 's' });
    expect(answer.usage).toMatchObject({ input_tokens: 7, output_tokens: 4, cache_read_input_tokens: 0 });
    expect(answer.usage).not.toHaveProperty('iterations');
  });

  it('comes whole where the API did not stream, and once where it broke off', () => {
    const { parts, answer } = read([start('m1'), block, delta('half'), whole('m2', 'all of it')]);
    expect(answer.text).toBe('all of it');
    expect(texts(parts)).toBe('half\n\nall of it');
    expect(texts(read([whole('m2', 'all of it')]).parts)).toBe('all of it');
  });

  it('has no words that claude made up about an error', () => {
    expect(read([whole('m1', 'API Error: 500', '<synthetic>')]).parts).toEqual([]);
  });

  it('without any text has no block', () => {
    const empty = { ...read([]).answer, text: '' };
    expect(messageBody(empty)).toMatchObject({ type: 'message', role: 'assistant', content: [], stop_sequence: null });
  });
});

/** What an HTTP client reads when `write` writes the answer. */
async function sent(write: (stream: MessageStream) => void): Promise<Array<[event: string, data: { type: string }]>> {
  const server = createServer((_request, response) => write(new MessageStream(response, { 'x-mine': '1' })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const text = await new Promise<string>((resolve, reject) => {
    get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }, (response) => {
      expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-mine': '1' });
      let all = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
      response.on('end', () => resolve(all)).on('error', reject);
    }).on('error', reject);
  });
  await new Promise((resolve) => server.close(resolve));
  return text
    .trimEnd()
    .split('\n\n')
    .map((one) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(one)!;
      return [name!, JSON.parse(data!)];
    });
}

describe(`a stream ${verifies('serve-sdk')}`, () => {
  const { parts, answer } = read([start('m1'), block, delta('one\n'), delta('two'), whole('m1', 'one\ntwo')]);

  it('has the events of the API in its order', async () => {
    const events = await sent((stream) => {
      for (const part of parts) stream.part(part);
      stream.finish(answer);
    });
    expect(events.every(([name, data]) => name === data.type)).toBe(true);
    expect(events.map(([name]) => name)).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events[3]![1]).toEqual({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'one\n' },
    });
    expect(events[6]![1]).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } });
  });

  it('has all of them when nothing came before the end', async () => {
    const events = await sent((stream) => stream.finish(answer));
    expect(events.map(([name]) => name).filter((name) => name !== 'ping')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('ends with an error event once it has begun', async () => {
    const events = await sent((stream) => {
      stream.part(parts[0]!);
      expect(stream.fail(toApiError(new ClaudexError('TIMEOUT')), 'req_1')).toBe(true);
    });
    expect(events.at(-1)).toEqual([
      'error',
      { type: 'error', error: { type: 'timeout_error', message: expect.any(String) }, request_id: 'req_1' },
    ]);
  });
});

describe(`an error ${verifies('serve-sdk')}`, () => {
  it.each([
    ['POOL_EXHAUSTED', 529, 'overloaded_error'],
    ['ABORTED', 503, 'api_error'],
    ['TIMEOUT', 504, 'timeout_error'],
    ['WORKSPACE_REFUSED', 403, 'permission_error'],
    ['SESSION_CRASHED', 500, 'api_error'],
    ['CLAUDE_NOT_FOUND', 500, 'api_error'],
  ] as const)('%s is %d %s', (code, status, type) => {
    expect(toApiError(new ClaudexError(code))).toMatchObject({ status, type });
  });

  it('of the API keeps its status; SDKs do not repeat what claude has repeated', () => {
    const failed = failedAnswer({ ...result, is_error: true, api_error_status: 429, result: 'API Error: slow down' });
    expect(failed).toMatchObject({ status: 429, type: 'rate_limit_error', message: 'claude: API Error: slow down' });
    expect(failed.headers['x-should-retry']).toBe('false');
    expect(failedAnswer({ ...result, subtype: 'error_max_turns', result: '' })).toMatchObject({ status: 500 });
  });

  it('of our own says nothing of the inside to the client, and all to the log', () => {
    const error = toApiError(new TypeError('secret is not a function'));
    expect(JSON.stringify(error.body('req_1'))).not.toContain('secret');
    expect(logFieldsOf(error)).toEqual({ status: 500, code: 'INTERNAL', cause: 'secret is not a function' });
    expect(logFieldsOf(failedAnswer({ ...result, result: 'what claude said' }))).toEqual({
      status: 500,
      code: 'CLAUDE_ERROR',
    });
  });
});

describe(`metrics ${verifies('serve-watched')}`, () => {
  it('are Prometheus text, whole or of one workspace', () => {
    const metrics = new Metrics();
    metrics.add('claudex_serve_requests_total', { workspace: 'a"b\\c\nd', status: '200' });
    metrics.add('claudex_serve_requests_total', { workspace: 'a"b\\c\nd', status: '200' });
    metrics.set('claudex_serve_requests_in_flight', { workspace: 'web' }, 3);
    expect(metrics.render()).toBe(
      [
        '# HELP claudex_serve_requests_total Requests for messages, by the status they were answered with.',
        '# TYPE claudex_serve_requests_total counter',
        'claudex_serve_requests_total{workspace="a\\"b\\\\c\\nd",status="200"} 2',
        '# HELP claudex_serve_requests_in_flight Requests that run or wait now.',
        '# TYPE claudex_serve_requests_in_flight gauge',
        'claudex_serve_requests_in_flight{workspace="web"} 3',
        '',
      ].join('\n'),
    );
    expect(metrics.render('web')).not.toContain('200');
    expect(metrics.render('web')).toContain('{workspace="web"} 3');
  });
});
