/**
 * The body of `POST /v1/messages`, as far as a claude process can honour it. What it cannot is refused with the field's name,
 * so that no answer is silently another one (docs/serve.md has the table).
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiError, invalidRequest } from './api-error.ts';
import { type ConversationTurn, renderConversation } from './conversation.ts';

export interface MessageRequest {
  model: string;
  /** Text that is added to claude's own system prompt. */
  system: string | undefined;
  prompt: string;
  stream: boolean;
}

/** One argument of a process holds 128 KiB (Linux, MAX_ARG_STRLEN), and the system prompt travels as one. */
const maxSystemBytes = 120_000;

type Fields = Record<string, unknown>;

/** What a claude process has no way to do, each with the one value that asks for nothing, where there is one. */
const cannotHonour: Record<string, { why: string; harmless?: unknown }> = {
  temperature: { why: 'claude chooses its own sampling', harmless: 1 },
  top_p: { why: 'claude chooses its own sampling', harmless: 1 },
  top_k: { why: 'claude chooses its own sampling' },
  stop_sequences: { why: 'claude cannot be stopped by a text', harmless: [] },
  tools: { why: 'claude runs its own tools and cannot call the client’s; offer them as an MCP server', harmless: [] },
  tool_choice: { why: 'claude chooses its tools itself' },
  thinking: { why: 'claude chooses how much it thinks', harmless: { type: 'adaptive' } },
  output_config: { why: 'claude answers in text' },
  output_format: { why: 'claude answers in text' },
  service_tier: { why: 'claude chooses its service tier', harmless: 'auto' },
  speed: { why: 'claude chooses its speed', harmless: 'standard' },
  inference_geo: { why: 'claude chooses where it is served' },
  container: { why: 'claude runs in its workspace' },
  context_management: { why: 'claude manages its own context' },
  mcp_servers: { why: 'MCP servers are set up in the workspace' },
  diagnostics: { why: 'claude reports none' },
};

const known: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'metadata',
  'cache_control',
]);

/** @throws ApiError 400 that names the field */
export function parseMessageRequest(text: string): MessageRequest {
  const body = parseObject(text);
  for (const [name, value] of Object.entries(body)) {
    if (known.has(name) || value === null) continue;
    const refused = Object.hasOwn(cannotHonour, name) ? cannotHonour[name] : undefined;
    if (!refused) throw invalidRequest(name, 'Extra inputs are not permitted');
    if ('harmless' in refused && isDeepStrictEqual(value, refused.harmless)) continue;
    throw invalidRequest(name, `claudex serve cannot honour this: ${refused.why}. Leave it out.`);
  }
  const { model, max_tokens: maxTokens, stream, metadata } = body;
  if (model === undefined) throw invalidRequest('model', 'Field required');
  if (typeof model !== 'string' || !/^[\w[][\w.:@/[\]-]*$/.test(model))
    throw invalidRequest('model', 'Input should be a model name');
  if (maxTokens === undefined) throw invalidRequest('max_tokens', 'Field required');
  if (!Number.isSafeInteger(maxTokens) || (maxTokens as number) < 1) {
    throw invalidRequest('max_tokens', 'Input should be a whole number from 1');
  }
  if (![undefined, null, true, false].includes(stream as boolean))
    throw invalidRequest('stream', 'Input should be true or false');
  if (![undefined, null].includes(metadata as null) && !isObject(metadata))
    throw invalidRequest('metadata', 'Input should be an object');
  const system = parseSystem(body.system);
  return { model, system, prompt: renderConversation(parseTurns(body.messages)), stream: stream === true };
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'The body is not JSON.');
  }
  if (!isObject(value)) throw new ApiError(400, 'The body must be a JSON object.');
  return value;
}

function parseSystem(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = parseContent(value, 'system');
  if (text.includes('\0')) throw invalidRequest('system', 'claudex serve cannot pass a NUL character on');
  if (Buffer.byteLength(text) > maxSystemBytes) {
    throw invalidRequest('system', `claudex serve takes at most ${maxSystemBytes} bytes; put the rest into a message`);
  }
  return text === '' ? undefined : text;
}

function parseTurns(value: unknown): ConversationTurn[] {
  if (value === undefined) throw invalidRequest('messages', 'Field required');
  if (!Array.isArray(value)) throw invalidRequest('messages', 'Input should be an array');
  if (value.length === 0) throw invalidRequest('messages', 'at least one message is required');
  const turns = value.map((message: unknown, index): ConversationTurn => {
    const where = `messages.${index}`;
    if (!isObject(message)) throw invalidRequest(where, 'Input should be an object');
    refuseOthers(message, ['role', 'content'], where);
    const { role, content } = message;
    if (role !== 'user' && role !== 'assistant') {
      throw invalidRequest(`${where}.role`, 'Input should be "user" or "assistant"; instructions go into `system`');
    }
    return { role, text: parseContent(content, `${where}.content`) };
  });
  const last = turns.at(-1)!;
  if (last.role !== 'user') {
    throw invalidRequest('messages', 'the last message must be the user’s: claude’s answer cannot be begun for it');
  }
  if (last.text.trim() === '') throw invalidRequest(`messages.${turns.length - 1}`, 'the last message must have text');
  return turns;
}

/** A string, or text blocks one after the other. */
function parseContent(content: unknown, where: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalidRequest(where, 'Input should be a string or an array of text blocks');
  const texts = content.map((block: unknown, index) => {
    if (!isObject(block)) throw invalidRequest(`${where}.${index}`, 'Input should be an object');
    if (block.type !== 'text') {
      const kind = typeof block.type === 'string' ? JSON.stringify(block.type) : 'other';
      throw invalidRequest(`${where}.${index}`, `claudex serve takes text only, no ${kind} block`);
    }
    refuseOthers(block, ['type', 'text', 'cache_control', 'citations'], `${where}.${index}`);
    if (typeof block.text !== 'string') throw invalidRequest(`${where}.${index}.text`, 'Input should be a string');
    return block.text;
  });
  return texts.join('\n\n');
}

function refuseOthers(fields: Fields, taken: readonly string[], where: string): void {
  const other = Object.keys(fields).find((name) => !taken.includes(name) && fields[name] !== null);
  if (other !== undefined) throw invalidRequest(`${where}.${other}`, 'Extra inputs are not permitted');
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
