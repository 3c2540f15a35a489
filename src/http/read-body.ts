/** The body of a request, as far as it may be. */
import type { IncomingMessage } from 'node:http';
import { ClaudexError } from '../errors/claudex-error.ts';

/**
 * The body as text. What is too much is read away before it is refused: many a client reads no answer before it has sent
 * everything.
 * @throws ClaudexError BODY_TOO_LARGE; BAD_REQUEST when the connection ends before the body does
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // `break` in a loop over the request would destroy the connection before the answer
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new ClaudexError('BAD_REQUEST', 'The connection ended before the body did.')));
  });
  if (bytes > maxBytes) throw new ClaudexError('BODY_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}
