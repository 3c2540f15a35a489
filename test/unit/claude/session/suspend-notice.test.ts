import { describe, expect, it } from 'vitest';
import { holdsCtrlZ } from '../../../../src/claude/session/suspend-notice.ts';

describe('Ctrl-Z among keys', () => {
  it.each([
    ['\x1a', 'the byte'],
    ['\x1b[122;5u', 'kitty'],
    ['\x1b[122;133u', 'kitty, Num Lock'],
    ['\x1b[122;69u', 'kitty, Caps Lock'],
    ['\x1b[122:90;6u', 'kitty, with the shifted key'],
    ['\x1b[1103::122;5u', 'kitty, another layout'],
    ['\x1b[27;5;122~', 'modifyOtherKeys'],
    ['\x1b[27;6;90~', 'modifyOtherKeys, Shift'],
    ['\x1b[90;6u', 'CSI u, Shift'],
    ['ab\x1b[Ac\x1b[27;5;122~', 'after other keys'],
  ])('%j: %s', (keys) => {
    expect(holdsCtrlZ(Buffer.from(keys))).toBe(true);
  });

  it.each(['z', '122;5u', '\x1b[A', '\x1b[<35;122;90M', '\x1b[?62;22c', '\x1b[1;5A', '\x1bz'])('not %j', (keys) => {
    expect(holdsCtrlZ(Buffer.from(keys))).toBe(false);
  });
});
