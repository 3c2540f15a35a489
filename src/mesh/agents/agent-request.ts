/** What a caller sends to an agent, by the Synadia Agent Protocol: plain text, or a JSON object with `prompt` and `attachments`. Pure. */
import { maxBodyBytes } from '../../protocol/message.ts';
import { sanitiseBody } from '../../protocol/sanitise.ts';

/** The codes that the protocol has for errors. */
export type AgentErrorCode = 400 | 401 | 403 | 404 | 409 | 429 | 500;

/** A request that is refused, and in which of the protocol's words. */
export class AgentRefusal extends Error {
  readonly code: AgentErrorCode;
  /** For programs: `prompt_too_large`. */
  readonly word: string;

  constructor(code: AgentErrorCode, word: string, message: string) {
    super(message);
    this.code = code;
    this.word = word;
  }
}

/** Largest request, in the protocol's words. */
export const maxPayload = `${maxBodyBytes / 1024}KB`;

/**
 * The prompt's text, without what acts on a terminal.
 * @throws AgentRefusal
 */
export function readRequest(data: Uint8Array): string {
  if (data.length > maxBodyBytes)
    throw new AgentRefusal(400, 'prompt_too_large', `The request has ${data.length} bytes; ${maxPayload} are taken.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    throw new AgentRefusal(400, 'bad_request', 'The request is not UTF-8.');
  }
  const prompt = sanitiseBody(/^[\t\n\r ]*\{/.test(text) ? promptOf(text) : text);
  if (prompt.trim() === '') throw new AgentRefusal(400, 'bad_request', 'The prompt is empty.');
  return prompt;
}

function promptOf(text: string): string {
  let value: { prompt?: unknown; attachments?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    throw new AgentRefusal(400, 'bad_request', 'The request begins with "{" and is no JSON object.');
  }
  const { prompt, attachments } = value;
  if (typeof prompt !== 'string')
    throw new AgentRefusal(400, 'bad_request', 'The request has no "prompt" that is a text.');
  if (attachments === undefined || attachments === null) return prompt;
  if (!Array.isArray(attachments)) throw new AgentRefusal(400, 'bad_request', '"attachments" must be a list.');
  if (attachments.length > 0)
    throw new AgentRefusal(
      400,
      'attachments_not_supported',
      'Attachments are not taken: put the text into the prompt, or name a file that is on that machine.',
    );
  return prompt;
}
