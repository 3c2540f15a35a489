/** Pairing links and fingerprints as people paste them. */
import { describe, expect, it } from 'vitest';
import { parsePairingLink } from '../../../src/far/pair-machine.ts';
import { plainFingerprint } from '../../../src/http/certificate-fingerprint.ts';

describe('a pairing link', () => {
  it.each(['https://devbox:4748/#pair=a-b_c', 'https://devbox:4748/#/pair/a-b_c', ' https://devbox:4748#pair=a-b_c\n'])(
    'is known as %j',
    (text) => {
      expect(parsePairingLink(text)).toEqual({ url: 'https://devbox:4748', code: 'a-b_c' });
    },
  );

  it.each([
    'cdxw_abc',
    'https://devbox:4748',
    'https://devbox:4748/#pair=',
    'https://devbox:4748/#pair=a b',
    'pair=abc',
  ])('%j is none', (text) => {
    expect(parsePairingLink(text)).toBeUndefined();
  });

  it.each(['https://me:secret@devbox/#pair=abc', 'https://devbox/elsewhere#pair=abc', 'https://devbox/?x=1#pair=abc'])(
    '%j leads to no claudex web',
    (text) => {
      expect(() => parsePairingLink(text)).toThrow(expect.objectContaining({ code: 'FAR_URL' }));
    },
  );
});

it.each(['sha256:AB01', 'ab01', 'AB:01', 'SHA256 Fingerprint=AB:01', ' sha256 Fingerprint=AB:01\n'])(
  'the fingerprint %j is the same as the others',
  (text) => {
    expect(plainFingerprint(text)).toBe('sha256:ab01');
  },
);
