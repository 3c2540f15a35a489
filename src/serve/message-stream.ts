/** An answer in the Messages API's two shapes: one JSON message, or server-sent events (docs: streaming messages). */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Answer, AnswerPart, Usage } from '../claude/stream/answer-reader.ts';
import type { ApiError } from './api-error.ts';

/** Keeps proxies and clients from taking a long tool run for a dead connection. */
const pingEveryMs = 10_000;

/** The answer as the body of a request without `stream`. */
export function messageBody(answer: Answer): object {
  const content = answer.text === '' ? [] : [{ type: 'text', text: answer.text, citations: null }];
  return { ...emptyMessage(answer.model, answer.usage), content, stop_reason: answer.stopReason };
}

function emptyMessage(model: string, usage: Usage): Record<string, unknown> {
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage,
  };
}

/** Writes the events of one answer. Nothing is sent before claude has begun: until then an error has a status of its own. */
export class MessageStream {
  readonly #response: ServerResponse;
  readonly #headers: Record<string, string>;
  #ping: NodeJS.Timeout | undefined;
  #inText = false;

  constructor(response: ServerResponse, headers: Record<string, string>) {
    this.#response = response;
    this.#headers = headers;
    response.once('close', () => clearInterval(this.#ping));
  }

  part(part: AnswerPart): void {
    if (part.type === 'begin') {
      this.#start(part.model, part.usage);
      return;
    }
    if (!this.#inText) {
      this.#send('content_block_start', { index: 0, content_block: { type: 'text', text: '', citations: null } });
      this.#inText = true;
    }
    this.#send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: part.text } });
  }

  /** The end, with the usage of all that claude did for it. */
  finish(answer: Answer): void {
    this.#start(answer.model, answer.usage);
    if (!this.#inText && answer.text !== '') this.part({ type: 'text', text: answer.text });
    if (this.#inText) this.#send('content_block_stop', { index: 0 });
    this.#send('message_delta', {
      delta: { stop_reason: answer.stopReason, stop_sequence: null, stop_details: null, container: null },
      usage: answer.usage,
    });
    this.#send('message_stop', {});
    this.#end();
  }

  /** False when nothing was sent yet: the error is then an answer of its own. */
  fail(error: ApiError, requestId: string): boolean {
    if (!this.#response.headersSent) return false;
    this.#send('error', error.body(requestId));
    this.#end();
    return true;
  }

  #start(model: string, usage: Usage): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, {
      ...this.#headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    this.#send('message_start', { message: emptyMessage(model, { ...usage, output_tokens: 0 }) });
    this.#send('ping', {});
    this.#ping = setInterval(() => this.#send('ping', {}), pingEveryMs);
  }

  #send(type: string, payload: object): void {
    if (this.#response.destroyed) return;
    this.#response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...payload })}\n\n`);
  }

  #end(): void {
    clearInterval(this.#ping);
    this.#response.end();
  }
}
