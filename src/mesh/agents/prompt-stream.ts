/** What goes back to the caller of one prompt, piece by piece, by the Synadia Agent Protocol; nothing after its end. */
import { headers } from '@nats-io/transport-node';
import { plainText, sanitiseLine } from '../../protocol/sanitise.ts';
import type { AgentRefusal } from './agent-request.ts';

/** Callers give up after 60 s without a word. */
const keepaliveEveryMs = 20_000;
/** A server takes 1 MiB in one piece; a character may become six bytes of JSON. */
const chunkChars = 32 * 1024;

/** Where it goes. */
export type Publish = (data: string, options?: { headers: ReturnType<typeof headers> }) => void;

export class PromptStream {
  readonly #publish: Publish;
  #keepalive: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** The first piece: the request is taken. From now on the caller hears something at least every 20 s. */
  begin(): void {
    this.#chunk('status', 'ack');
    this.#keepalive = setInterval(() => this.status('keepalive'), keepaliveEveryMs);
    this.#keepalive.unref();
  }

  status(words: string): void {
    this.#chunk('status', sanitiseLine(words, 300));
  }

  query(query: { id: string; reply_subject: string; prompt: string }): void {
    this.#chunk('query', query);
  }

  /** The answer, whole. */
  answer(text: string): void {
    for (const part of pieces(plainText(text))) this.#chunk('response', part);
    this.#end();
  }

  fail(refusal: AgentRefusal): void {
    if (this.#hasEnded) return;
    const told = headers();
    told.set('Nats-Service-Error-Code', String(refusal.code));
    told.set('Nats-Service-Error', headerText(refusal.message));
    this.#publish(JSON.stringify({ error: refusal.word, message: refusal.message }), { headers: told });
    this.#end();
  }

  /** The end is a message without a body and without headers. */
  #end(): void {
    if (this.#hasEnded) return;
    clearInterval(this.#keepalive);
    this.#publish('');
    this.#hasEnded = true;
  }

  #chunk(type: string, data: unknown): void {
    if (!this.#hasEnded) this.#publish(JSON.stringify({ type, data }));
  }
}

/** `text` in pieces that each fit into a message; no character is cut in two. */
export function pieces(text: string, chars = chunkChars): string[] {
  const all: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + chars);
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1]!)) end--;
    all.push(text.slice(at, end));
    at = end;
  }
  return all;
}

/** A header holds ASCII, in one line. */
function headerText(text: string): string {
  return sanitiseLine(text, 300)
    .replace(/[’‘]/g, "'")
    .replace(/[^\x20-\x7e]/g, '?');
}
