/** What of claude's lines is the answer: the text it writes to the user. Tools, thinking and subagents stay inside. */
import type { ResultLine, StreamLine } from './stream-json.ts';

export type AnswerPart =
  /** The model has begun; always the first. */
  { type: 'begin'; model: string; usage: Usage } | { type: 'text'; text: string };

/** Token counts by the API's names. */
export type Usage = Record<string, unknown>;

/** A whole answer. */
export interface Answer {
  text: string;
  model: string;
  stopReason: string;
  usage: Usage;
  sessionId: string;
  costUsd: number;
}

interface Message {
  id?: string;
  model?: string;
  usage?: Usage;
  content?: Array<{ type?: string; text?: string }>;
}

/** Stands between the texts that claude writes before and after a tool: to the client they are one block. */
const betweenTexts = '\n\n';

export class AnswerReader {
  #model: string | undefined;
  /** Messages whose text came in pieces. */
  readonly #streamed = new Set<string>();
  readonly #whole: string[] = [];
  #said = false;
  #separate = false;

  /** The parts that a line adds. */
  read(line: StreamLine): AnswerPart[] {
    if (line.parent_tool_use_id) return [];
    if (line.type === 'stream_event') return this.#event(line.event as Record<string, unknown>);
    return line.type === 'assistant' ? this.#message(line.message as Message) : [];
  }

  /** The whole, from complete messages: a piece that the API broke off and repeated is in it once. */
  finish(result: ResultLine): Answer {
    return {
      text: this.#whole.join(betweenTexts) || (result.result ?? ''),
      model: this.#model ?? '',
      stopReason: result.stop_reason ?? 'end_turn',
      usage: apiUsage(result.usage ?? {}),
      sessionId: result.session_id,
      costUsd: result.total_cost_usd ?? 0,
    };
  }

  #event(event: Record<string, unknown>): AnswerPart[] {
    if (event.type === 'message_start') {
      const message = event.message as Message;
      if (message.id) this.#streamed.add(message.id);
      return this.#begin(message);
    }
    if (event.type === 'content_block_start') {
      this.#separate = this.#said;
      return [];
    }
    const delta = event.delta as { type?: string; text?: string } | undefined;
    return event.type === 'content_block_delta' && delta?.type === 'text_delta' ? this.#text(delta.text ?? '') : [];
  }

  #message(message: Message): AnswerPart[] {
    // claude's own words about an error: the result has them too
    if (message.model === '<synthetic>') return [];
    const texts = (message.content ?? []).flatMap(({ type, text }) => (type === 'text' && text ? [text] : []));
    this.#whole.push(...texts);
    if (message.id && this.#streamed.has(message.id)) return [];
    const parts = this.#begin(message);
    for (const text of texts) {
      this.#separate = this.#said;
      parts.push(...this.#text(text));
    }
    return parts;
  }

  #begin({ model = '', usage = {} }: Message): AnswerPart[] {
    if (this.#model !== undefined) return [];
    this.#model = model;
    return [{ type: 'begin', model, usage: apiUsage(usage) }];
  }

  #text(text: string): AnswerPart[] {
    if (text === '') return [];
    const separator = this.#separate ? betweenTexts : '';
    this.#separate = false;
    this.#said = true;
    return [{ type: 'text', text: `${separator}${text}` }];
  }
}

/** Counts that the API's own `usage` has; what only claude adds is left out. */
function apiUsage(usage: Usage): Usage {
  const { input_tokens: input, output_tokens: output } = usage;
  return {
    input_tokens: Number(input ?? 0),
    output_tokens: Number(output ?? 0),
    cache_creation_input_tokens: Number(usage.cache_creation_input_tokens ?? 0),
    cache_read_input_tokens: Number(usage.cache_read_input_tokens ?? 0),
    cache_creation: usage.cache_creation ?? null,
    server_tool_use: usage.server_tool_use ?? null,
    service_tier: usage.service_tier ?? null,
  };
}
