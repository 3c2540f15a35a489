/** Envelopes as this machine says and hears them: signed, and where that is set, for the other machine's eyes alone. */
import { type Envelope, EnvelopeRefused, openEnvelope, signEnvelope } from './envelope.ts';
import { isSealed, seal, unseal } from './sealed-body.ts';
import type { SigningKey } from './signing-key.ts';

export interface SealingParts {
  own: string;
  key: SigningKey;
  /** The setting `mesh.encrypt`. */
  isOn: () => boolean;
  /** Of another machine: its public key, and whether it takes sealed bodies alone. */
  machine: (name: string) => { key: string; isSealing: boolean } | undefined;
}

export class Sealing {
  readonly #parts: SealingParts;

  constructor(parts: SealingParts) {
    this.#parts = parts;
  }

  /** @throws Error for a machine that is not in the mesh, where nothing may go to it in the clear */
  say(envelope: Envelope, { isAnswerToSealed = false } = {}): Uint8Array {
    const { key, isOn, machine } = this.#parts;
    const other = machine(envelope.to);
    if (!isAnswerToSealed && !isOn() && !other?.isSealing) return signEnvelope(envelope, key.seed);
    if (!other) throw new Error(`the key of ${envelope.to} is not known`);
    const body = seal(envelope, { seed: key.seed, own: key.publicKey, theirs: other.key });
    return signEnvelope({ ...envelope, body }, key.seed);
  }

  /** @param from whose it must be, with that machine's public key. @throws EnvelopeRefused */
  hear(bytes: Uint8Array, from: { name: string; key: string }): Envelope & { wasSealed: boolean } {
    const { own, key, isOn } = this.#parts;
    const envelope = openEnvelope(bytes, { from: from.name, to: own, key: from.key });
    if (isSealed(envelope.body)) {
      const body = unseal(envelope, { seed: key.seed, own: key.publicKey, theirs: from.key });
      return { ...envelope, body, wasSealed: true };
    }
    if (isOn()) throw new EnvelopeRefused('not encrypted, and mesh.encrypt is on here');
    return { ...envelope, wasSealed: false };
  }
}
