import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromSeed } from '@nats-io/nkeys';
import { describe, expect, it } from 'vitest';
import {
  askSubject,
  EnvelopeRefused,
  mailSubject,
  maxEnvelopeBytes,
  openEnvelope,
  senderOfSubject,
  signEnvelope,
} from '../../../src/mesh/envelope.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { signingKey } from '../../../src/mesh/signing-key.ts';
import { verifies } from '../../requirements.ts';

const laptop = newKey();
const said = { id: 'e1', from: 'laptop', to: 'devbox', kind: 'mail', at: 1_700_000_000_000, body: { text: 'grüße' } };
const expected = { from: 'laptop', to: 'devbox', key: laptop.publicKey };

describe(`what machines say to each other ${verifies('mesh-signed')}`, () => {
  it('comes as it was said', () => {
    expect(openEnvelope(signEnvelope(said, laptop.seed), expected)).toEqual(said);
  });

  it('of which one byte is another one is refused, wherever it stands', () => {
    const bytes = signEnvelope(said, laptop.seed);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1;
      expect(() => openEnvelope(changed, expected)).toThrow('not signed by laptop');
    }
  });

  it.each<[string, Partial<typeof expected>, RegExp]>([
    ['of another machine', { key: newKey().publicKey }, /not signed by laptop/],
    ['of a machine that has told no key', { key: '' }, /not signed/],
    ['for another machine', { to: 'other' }, /signed for another way/],
    ['published under another name with its own key', { from: 'other' }, /signed for another way/],
  ])('%s is refused', (_, change, words) => {
    expect(() => openEnvelope(signEnvelope(said, laptop.seed), { ...expected, ...change })).toThrow(words);
  });

  it('that is too large, too short or in no form is refused', () => {
    expect(() => openEnvelope(new Uint8Array(maxEnvelopeBytes + 1), expected)).toThrow('too large');
    expect(() => openEnvelope(new Uint8Array(64), expected)).toThrow('too short');
    for (const wrong of [{ id: '' }, { id: 'x'.repeat(65) }, { kind: 'A' }, { at: 1.5 }])
      expect(() => openEnvelope(signEnvelope({ ...said, ...wrong }, laptop.seed), expected)).toThrow(EnvelopeRefused);
  });

  it('is never what a server may have signed at a login: its challenge is a text', () => {
    const text = signEnvelope(said, laptop.seed).subarray(64);
    const pair = fromSeed(new TextEncoder().encode(laptop.seed));
    const forged = Buffer.concat([pair.sign(text), text]);
    expect(() => openEnvelope(forged, expected)).toThrow('not signed by laptop');
  });

  it('goes to one machine, under the name of one', () => {
    expect(mailSubject('devbox', 'laptop')).toBe('claudex.mail.devbox.laptop');
    expect(senderOfSubject('claudex.mail.devbox.laptop', 'devbox')).toBe('laptop');
    expect(senderOfSubject(askSubject('devbox', 'laptop'), 'devbox')).toBe('laptop');
    for (const wrong of [
      'claudex.mail.other.laptop',
      'claudex.mail.devbox',
      'claudex.mail.devbox.a.b',
      'x.mail.devbox.a',
    ])
      expect(senderOfSubject(wrong, 'devbox')).toBeUndefined();
  });
});

describe(`the key of a machine ${verifies('mesh-signed')}`, () => {
  const joined = { name: 'laptop', id: 'x', url: 'nats://x:1' };

  it('is the one that lets it in, that in its credentials, or one of its own', () => {
    const folder = mkdtempSync(join(tmpdir(), 'claudex-key-'));
    try {
      const creds = join(folder, 'c.creds');
      writeFileSync(
        creds,
        `-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${laptop.seed}\n------END USER NKEY SEED------\n`,
      );
      for (const own of [{ nkey: laptop.seed }, { creds }, { signing: laptop.seed }])
        expect(signingKey({ ...joined, ...own })).toEqual(laptop);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(signingKey(joined)).toBeUndefined();
  });
});
