import { describe, expect, it } from 'vitest';
import { controlCode, findDetachKey } from '../../../src/host-client/detach-key.ts';

const code = controlCode('ctrl-\\')!;
const at = (text: string) => findDetachKey(Buffer.from(text, 'latin1'), code);

describe('the detach key', () => {
  it.each([
    ['ctrl-\\', 0x1c],
    ['^]', 0x1d],
    ['Ctrl-q', 0x11],
    ['ctrl-', undefined],
    ['q', undefined],
    ['ctrl-1', undefined],
  ])('%s is the control code %s', (name, expected) => {
    expect(controlCode(name)).toBe(expected);
  });

  it.each([
    ['raw', 'ab\x1ccd', { at: 2, length: 1 }],
    ['as CSI-u', 'a\x1b[92;5ub', { at: 1, length: 7 }],
    ['as CSI-u with Num Lock', '\x1b[92;133u', { at: 0, length: 9 }],
    ['as CSI-u with both locks', '\x1b[92;197u', { at: 0, length: 9 }],
    ['as CSI-u with an event type', '\x1b[92;5:1u', { at: 0, length: 9 }],
    ['as modifyOtherKeys', 'x\x1b[27;5;92~', { at: 1, length: 10 }],
  ])('is found %s', (_, text, expected) => {
    expect(at(text)).toEqual(expected);
  });

  it.each([
    ['another key', 'abc\x1b[A\r'],
    ['with Alt', '\x1b[92;7u'],
    ['its release', '\x1b[92;5:3u'],
    ['within a paste', '\x1b[200~a\x1cb\x1b[201~'],
    ['within a paste that goes on', '\x1b[200~a\x1cb'],
  ])('is not %s', (_, text) => {
    expect(at(text)).toBeUndefined();
  });
});
