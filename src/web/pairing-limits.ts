/** How often somebody may try a pairing code. */
import { ClaudexError } from '../errors/claudex-error.ts';
import { steadyNow } from '../process/clock.ts';

const triesAtOnce = 10;
const tryComesBackMs = 6000;
/** Addresses that are remembered. */
const maxAddresses = 1000;

/** For each address a bucket of tries that fills up again. */
export class PairingLimits {
  readonly #buckets = new Map<string, { tries: number; atMs: number }>();

  /** Takes one try, where there is one: who asks without end puts nobody's next one off. @throws ClaudexError TOO_MANY_TRIES */
  take(address: string): void {
    const now = steadyNow();
    const bucket = this.#buckets.get(address) ?? { tries: triesAtOnce, atMs: now };
    const tries = Math.min(triesAtOnce, bucket.tries + (now - bucket.atMs) / tryComesBackMs);
    this.#buckets.delete(address);
    this.#buckets.set(address, { tries: tries < 1 ? tries : tries - 1, atMs: now });
    if (this.#buckets.size > maxAddresses) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (tries < 1) throw new ClaudexError('TOO_MANY_TRIES');
  }
}
