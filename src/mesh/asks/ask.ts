/** A question of one machine to another, in the words of the web API, and its answer. Pure; nothing of either is believed in its form. */
import { ClaudexError, isErrorCode } from '../../errors/claudex-error.ts';
import { sanitiseLine } from '../../protocol/sanitise.ts';

/** A page of an answer is about that long: an envelope takes it also where it is encrypted. */
export const pageBytes = 320 * 1024;
/** No single thing of an answer may be longer. */
export const maxReplyBytes = 600 * 1024;
/** What is asked: an answer to claude's question, a folder, words to search for. */
export const maxAskBytes = 200 * 1024;
/** How long the other machine may take: a session that is started is waited for. */
export const askTakesMs = 40_000;

export interface Ask {
  method: 'GET' | 'POST';
  /** With its query: `/sessions/api/history?last=20`. */
  path: string;
  body?: unknown;
  /** Tells a question that came twice from two. */
  key?: string;
}

export type AskReply =
  | {
      body: unknown;
      /** Where the rest of its one list is; absent where there is none. */
      next?: string;
    }
  | { error: { code: string; facts: string; fix: string } };

/** @throws ClaudexError BAD_REQUEST */
export function parseAsk(value: unknown): Ask {
  const { method, path, body, key } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const isOne =
    (method === 'GET' || method === 'POST') &&
    typeof path === 'string' &&
    path.length <= 16_384 &&
    /^\/[!-~]*$/.test(path);
  if (!isOne) throw new ClaudexError('BAD_REQUEST', 'That is no question of a machine.');
  const isKey = typeof key === 'string' && /^[\w-]{1,80}$/.test(key);
  return { method, path, ...(body !== undefined && { body }), ...(isKey && { key }) };
}

export function errorReply(error: ClaudexError): AskReply {
  return { error: { code: error.code, facts: error.facts.slice(0, 4000), fix: error.fix } };
}

/** What another machine has answered. @throws ClaudexError the machine's own; MESH_BAD_REPLY for what is no answer */
export function readReply(value: unknown): { body: unknown; next: string | undefined } {
  if (typeof value !== 'object' || value === null) throw new ClaudexError('MESH_BAD_REPLY');
  const { body, next, error } = value as Record<string, unknown>;
  if (error !== undefined) throw errorOf(error);
  if (body === undefined) throw new ClaudexError('MESH_BAD_REPLY');
  const isPath = typeof next === 'string' && next.length <= 16_384 && /^\/[!-~]*$/.test(next);
  return { body, next: isPath ? next : undefined };
}

/** An error of a newer claudex keeps its own words. */
function errorOf(value: unknown): ClaudexError {
  const { code, facts, fix } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const [codeText, factsText, fixText] = [code, facts, fix].map((one) =>
    typeof one === 'string' ? sanitiseLine(one, 4000) : '',
  ) as [string, string, string];
  if (codeText === '') return new ClaudexError('MESH_BAD_REPLY');
  if (!isErrorCode(codeText) || codeText === 'INTERNAL') {
    return new ClaudexError('FAR_REFUSED', `${codeText}: ${factsText} Fix: ${fixText}`);
  }
  return new ClaudexError(codeText, factsText);
}
