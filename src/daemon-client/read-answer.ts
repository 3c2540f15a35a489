/** What the daemon answers: a text, an error, a stream of lines. */
import type { IncomingMessage } from 'node:http';
import { ClaudexError, isErrorCode, systemErrorCode } from '../errors/claudex-error.ts';
import type { ErrorBody } from '../protocol/wire.ts';

/** @throws ClaudexError DAEMON_UNREACHABLE when it dies in the middle of its answer */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (cause) {
    throw new ClaudexError('DAEMON_UNREACHABLE', 'It broke off in the middle of its answer.', { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error that the daemon's answer tells of. */
export function errorFrom(text: string): ClaudexError {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    if (isErrorCode(error.code)) return new ClaudexError(error.code, error.facts);
  } catch {
    // not our error body: said below
  }
  return new ClaudexError('INTERNAL', `The daemon answered: ${text.slice(0, 200)}`);
}

/** A stream of the daemon's, one JSON object a line. */
export async function* lines<T>(response: IncomingMessage): AsyncGenerator<T> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      rest += chunk;
      const parts = rest.split('\n');
      rest = parts.pop()!;
      for (const line of parts) yield JSON.parse(line) as T;
    }
  } catch (error) {
    // a stream that ends without a last chunk: its daemon died, which its reader sees as the end
    if (systemErrorCode(error) !== 'ECONNRESET' && !response.destroyed) throw error;
  }
}
