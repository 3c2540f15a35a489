/**
 * A loopback stand-in for the Messages API, good enough for the real claude binary to hold a conversation with.
 * Used by `claudex demo` and by the end-to-end tests. Listens on 127.0.0.1 only and answers what its script says.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackToolUse {
  name: string;
  input: Record<string, unknown>;
}

/** What the model "says" to one request. `text` and `toolUse` (one call, or several at once) become content blocks, in that order. */
export interface LoopbackReply {
  text?: string;
  toolUse?: LoopbackToolUse | LoopbackToolUse[];
  /** Wait this long before the first byte. */
  delayMs?: number;
  /** Hold the answer back until this resolves (a busy session that a test controls). */
  until?: Promise<unknown>;
  /** Answer with this HTTP status and an API error body instead. */
  errorStatus?: number;
}

/** One request as the script sees it. */
export interface LoopbackRequest {
  /** The user's side since the last assistant message, reminders included, joined by newlines. */
  prompt: string;
  /** True when the request answers a tool call of ours. */
  isToolResult: boolean;
  model: string;
  headers: IncomingHttpHeaders;
  /** Resolves when the connection of the answer is closed or the answer is complete. */
  closed: Promise<void>;
  body: { messages: Array<{ role: string; content: unknown }>; tools?: unknown[]; system?: unknown };
}

export type LoopbackScript = (request: LoopbackRequest) => LoopbackReply | Promise<LoopbackReply>;

export interface LoopbackApi {
  url: string;
  port: number;
  requests: LoopbackRequest[];
  /** Replace the script from the next request on. */
  setScript(script: LoopbackScript): void;
  close(): Promise<void>;
}

/** Starts the stand-in on a free loopback port. */
export async function startLoopbackApi(script: LoopbackScript): Promise<LoopbackApi> {
  let current = script;
  const requests: LoopbackRequest[] = [];
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    if (request.url.includes('count_tokens')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":1}');
      return;
    }
    void answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as LoopbackRequest['body'] & {
      model?: string;
      stream?: boolean;
    };
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const seen = { ...describeRequest(body), headers: request.headers, closed };
    requests.push(seen);
    const reply = await current(seen);
    if (reply.delayMs) {
      const delayMs = reply.delayMs;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    if (reply.until) await reply.until;
    if (response.destroyed) return;
    if (reply.errorStatus) {
      response.writeHead(reply.errorStatus, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'scripted failure' } }),
      );
      return;
    }
    writeReply(response, reply, seen.model, body.stream !== false);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    setScript: (next) => {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function describeRequest(
  body: LoopbackRequest['body'] & { model?: string },
): Omit<LoopbackRequest, 'headers' | 'closed'> {
  const lastAssistant = body.messages.findLastIndex((message) => message.role === 'assistant');
  const texts: string[] = [];
  let isToolResult = false;
  for (const message of body.messages.slice(lastAssistant + 1)) {
    if (typeof message.content === 'string') texts.push(message.content);
    else if (Array.isArray(message.content)) {
      for (const block of message.content as Array<{ type?: string; text?: string }>) {
        if (block.type === 'text' && block.text) texts.push(block.text);
        if (block.type === 'tool_result') isToolResult = true;
      }
    }
  }
  return { prompt: texts.join('\n'), isToolResult, model: body.model ?? 'loopback', body };
}

let serial = 0;

function writeReply(response: ServerResponse, reply: LoopbackReply, model: string, stream: boolean): void {
  const id = `msg_loopback_${(++serial).toString().padStart(6, '0')}`;
  const blocks: Array<Record<string, unknown>> = [];
  if (reply.text !== undefined) blocks.push({ type: 'text', text: reply.text });
  const calls = [reply.toolUse ?? []].flat();
  calls.forEach(({ name, input }, index) => {
    const suffix = index === 0 ? '' : `_${index + 1}`;
    blocks.push({ type: 'tool_use', id: `toolu_loopback_${serial}${suffix}`, name, input });
  });
  const stopReason = calls.length > 0 ? 'tool_use' : 'end_turn';
  const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id, type: 'message', role: 'assistant', model, stop_sequence: null, usage };
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...message, content: blocks, stop_reason: stopReason }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const event = (type: string, payload: Record<string, unknown>): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...payload })}\n\n`);
  };
  event('message_start', { message: { ...message, content: [], stop_reason: null } });
  blocks.forEach((block, index) => {
    if (block.type === 'text') {
      event('content_block_start', { index, content_block: { type: 'text', text: '' } });
      event('content_block_delta', { index, delta: { type: 'text_delta', text: block.text } });
    } else {
      event('content_block_start', { index, content_block: { ...block, input: {} } });
      event('content_block_delta', {
        index,
        delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
      });
    }
    event('content_block_stop', { index });
  });
  event('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 10 } });
  event('message_stop', {});
  response.end();
}
