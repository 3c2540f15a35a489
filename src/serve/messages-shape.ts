/** The Messages API's own shape (docs: Messages API, streaming), as far as a claude that answers questions can fill it. Pure. */
import { ClaudexError, type ErrorCode } from '../errors.ts';
import type { RunOptions, RunResult } from '../warm/client.ts';

/** What a request asks of claude. */
export interface MessagesAsk {
  prompt: string;
  model: string;
  options: Pick<RunOptions, 'model' | 'appendSystemPrompt'>;
  stream: boolean;
}

interface TextBlock {
  type: 'text';
  text: string;
}

/** Fields that would change the answer and that claude cannot be given: better refused than left out unseen. */
const refused = ['tools', 'tool_choice', 'stop_sequences', 'container', 'mcp_servers'];

/** Reads a request's body. @throws ClaudexError BAD_REQUEST, naming what is wrong */
export function parseMessagesRequest(body: unknown): MessagesAsk {
  const { model, messages, system, stream, ...rest } = record(body, 'the body');
  for (const name of refused) {
    const value = rest[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) bad(`${name} is not supported`);
  }
  if (typeof model !== 'string' || model === '') bad('model must be a string');
  if (!Array.isArray(messages) || messages.length === 0) bad('messages must be an array that is not empty');
  const turns = (messages as unknown[]).map((message, index) => {
    const { role, content } = record(message, `messages[${index}]`);
    if (role !== 'user' && role !== 'assistant') bad(`messages[${index}].role must be user or assistant`);
    return { role: role as 'user' | 'assistant', text: textOf(content, `messages[${index}].content`) };
  });
  const last = turns.pop()!;
  if (last.role !== 'user') bad('the last message must be of the user');
  if (last.text.trim() === '') bad('the last message is empty');
  const options: MessagesAsk['options'] = { model: model as string };
  if (system !== undefined) options.appendSystemPrompt = textOf(system, 'system');
  return { prompt: withHistory(turns, last.text), model: model as string, options, stream: stream === true };
}

/** Claude takes one prompt: what was said before is put before it as text. */
function withHistory(turns: ReadonlyArray<{ role: string; text: string }>, last: string): string {
  if (turns.length === 0) return last;
  const history = turns.map(({ role, text }) => `<${role}>\n${text}\n</${role}>`).join('\n');
  return `The conversation so far:\n${history}\n\nThe user now says:\n${last}`;
}

function textOf(content: unknown, name: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) bad(`${name} must be a string or an array of text blocks`);
  return (content as unknown[])
    .map((block, index) => {
      const { type, text } = record(block, `${name}[${index}]`);
      if (type !== 'text' || typeof text !== 'string') bad(`${name}[${index}] must be a text block`);
      return text as string;
    })
    .join('\n');
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function bad(facts: string): never {
  throw new ClaudexError('BAD_REQUEST', `${facts}.`);
}

/** The whole answer. */
export function messageBody(id: string, model: string, text: string, result: RunResult): object {
  const content: TextBlock[] = [{ type: 'text', text }];
  return { ...envelope(id, model), content, stop_reason: 'end_turn', usage: usageOf(result) };
}

/** The events of a stream, in the order in which they are sent: `start`, `token` for each, `end`. */
export const messageEvents = {
  start: (id: string, model: string): string =>
    event('message_start', {
      message: { ...envelope(id, model), content: [], stop_reason: null, usage: { input_tokens: 0, output_tokens: 0 } },
    }) + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  token: (text: string): string => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  end: (result: RunResult): string =>
    event('content_block_stop', { index: 0 }) +
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: usageOf(result) }) +
    event('message_stop', {}),
  error: (error: ClaudexError): string => event('error', errorBody(error)),
};

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ ...fields, type })}\n\n`;
}

function envelope(id: string, model: string): object {
  return { id, type: 'message', role: 'assistant', model, stop_sequence: null };
}

function usageOf({ usage }: RunResult): object {
  const count = (name: string): number => (typeof usage[name] === 'number' ? (usage[name] as number) : 0);
  return {
    input_tokens: count('input_tokens'),
    output_tokens: count('output_tokens'),
    cache_creation_input_tokens: count('cache_creation_input_tokens'),
    cache_read_input_tokens: count('cache_read_input_tokens'),
  };
}

/** The API's word for an error of ours, and its status. An SDK tries again on 429 and from 500 on. */
const apiErrors: Partial<Record<ErrorCode, [status: number, type: string]>> = {
  BAD_REQUEST: [400, 'invalid_request_error'],
  INVALID_OPTIONS: [400, 'invalid_request_error'],
  BODY_TOO_LARGE: [413, 'request_too_large'],
  NOT_ALLOWED: [401, 'authentication_error'],
  NO_SUCH_WORKSPACE: [404, 'not_found_error'],
  NO_SUCH_ROUTE: [404, 'not_found_error'],
  POOL_EXHAUSTED: [529, 'overloaded_error'],
  TIMEOUT: [504, 'timeout_error'],
};

export function errorStatus(error: ClaudexError): number {
  return apiErrors[error.code]?.[0] ?? 502;
}

export function errorBody(error: ClaudexError): object {
  return { type: 'error', error: { type: apiErrors[error.code]?.[1] ?? 'api_error', message: error.message } };
}
