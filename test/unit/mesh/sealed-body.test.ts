/** Bodies that only their receiver can read. */
import { createUser } from '@nats-io/nkeys';
import { describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../src/mesh/envelope.ts';
import { isSealed, seal, unseal } from '../../../src/mesh/sealed-body.ts';
import { Sealing } from '../../../src/mesh/sealing.ts';
import { verifies } from '../../requirements.ts';

function machine(name: string) {
  const pair = createUser();
  return { name, seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

const [a, b, c] = [machine('a'), machine('b'), machine('c')];
const envelope = { id: 'x', from: 'a', to: 'b', kind: 'ask', at: 1, body: { text: 'sécret', n: [1, null] } };
const wayOf = (own: typeof a, theirs: typeof a) => ({ seed: own.seed, own: own.publicKey, theirs: theirs.publicKey });

describe(`a sealed body ${verifies('mesh-encrypt')}`, () => {
  it('opens at its receiver, and nowhere else', () => {
    const body = seal(envelope, wayOf(a, b));
    expect(isSealed(body)).toBe(true);
    expect(Buffer.from(body.sealed, 'base64').toString('latin1')).not.toContain('text');
    expect(unseal({ ...envelope, body }, wayOf(b, a))).toEqual(envelope.body);
    for (const way of [wayOf(c, a), wayOf(b, c), wayOf(a, b)]) {
      expect(() => unseal({ ...envelope, body }, way)).toThrow('cannot be decrypted');
    }
    expect(seal(envelope, wayOf(a, b)).sealed).not.toBe(body.sealed);
  });

  it('belongs to its envelope: with another id, kind, time or direction it does not open', () => {
    const body = seal(envelope, wayOf(a, b));
    for (const change of [{ id: 'y' }, { kind: 'mail' }, { at: 2 }, { from: 'c' }, { to: 'c' }]) {
      expect(() => unseal({ ...envelope, ...change, body }, wayOf(b, a))).toThrow('cannot be decrypted');
    }
    const bytes = Buffer.from(body.sealed, 'base64');
    for (const at of [0, 23, 24, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const sealed = changed.toString('base64');
      expect(() => unseal({ ...envelope, body: { sealed } }, wayOf(b, a))).toThrow('cannot be decrypted');
    }
    for (const sealed of ['', 'AAAA', '!']) {
      expect(() => unseal({ ...envelope, body: { sealed } }, wayOf(b, a))).toThrow('cannot be decrypted');
    }
  });

  it('nothing else looks like one', () => {
    expect([null, 'x', {}, { sealed: 1 }, { sealed: 'x', more: 1 }].map(isSealed)).toEqual(Array(5).fill(false));
  });
});

describe(`what machines say ${verifies('mesh-encrypt')}`, () => {
  const sealing = (own: typeof a, isOn: boolean, others: Record<string, { key: string; isSealing: boolean }>) =>
    new Sealing({ own: own.name, key: own, isOn: () => isOn, machine: (name) => others[name] });
  const knows = (one: typeof a, isSealing = false) => ({ [one.name]: { key: one.publicKey, isSealing } });
  const from = { name: 'a', key: a.publicKey };

  it.each([
    ['nobody asks for it', false, false, false],
    ['its sender does', true, false, true],
    ['its receiver does', false, true, true],
    ['both do', true, true, true],
  ])('is sealed where %s', (_who, senderIsOn, receiverIsOn, wasSealed) => {
    const bytes = sealing(a, senderIsOn, knows(b, receiverIsOn)).say(envelope);
    expect(Buffer.from(bytes).toString('latin1').includes('"text"')).toBe(!wasSealed);
    expect(sealing(b, receiverIsOn, knows(a, senderIsOn)).hear(bytes, from)).toEqual({ ...envelope, wasSealed });
  });

  it('in the clear is refused where the setting is on', () => {
    const bytes = signEnvelope(envelope, a.seed);
    expect(() => sealing(b, true, knows(a)).hear(bytes, from)).toThrow('not encrypted');
  });

  it('goes to nobody whose key is not known, and an answer is sealed as its question was', () => {
    expect(() => sealing(a, true, {}).say(envelope)).toThrow('the key of b is not known');
    const bytes = sealing(a, false, knows(b)).say(envelope, { isAnswerToSealed: true });
    expect(sealing(b, false, knows(a)).hear(bytes, from).wasSealed).toBe(true);
  });
});
