/** A stream of JSON, one object a line (NDJSON). */
import type { IncomingMessage } from 'node:http';
import { systemErrorCode } from '../errors/claudex-error.ts';

/** Each line of the body as it comes. */
export async function* jsonLines<T>(response: IncomingMessage): AsyncGenerator<T> {
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
