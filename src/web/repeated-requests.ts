/** Requests that came with an Idempotency-Key: one that comes again is answered as the first one was, and does nothing. */
import { createHash } from 'node:crypto';
import { ClaudexError } from '../errors/claudex-error.ts';

const kept = 1000;

export class RepeatedRequests<Answer> {
  readonly #answers = new Map<string, { bodyHash: string; answer: Promise<Answer> }>();

  /**
   * The answer to the first request with that key, which may still be on its way; a request that failed may be tried again.
   * @param key of the device, the route and the header
   * @throws ClaudexError KEY_USED for the same key with another body
   */
  once(key: string, body: string, run: () => Promise<Answer>): Promise<Answer> {
    const bodyHash = createHash('sha256').update(body).digest('hex');
    const known = this.#answers.get(key);
    if (known && known.bodyHash !== bodyHash) {
      throw new ClaudexError('KEY_USED', 'The body or the query is another one.');
    }
    if (known) return known.answer;
    const answer = run();
    this.#answers.set(key, { bodyHash, answer });
    answer.catch(() => this.#answers.delete(key));
    if (this.#answers.size > kept) this.#answers.delete(this.#answers.keys().next().value!);
    return answer;
  }
}
