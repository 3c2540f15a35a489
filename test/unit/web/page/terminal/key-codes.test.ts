import { describe, expect, it } from 'vitest';
import { barKeys, withControl } from '../../../../../src/web/page/terminal/key-codes.ts';

describe('withControl', () => {
  it.each([
    ['c', '\x03'],
    ['C', '\x03'],
    ['[', '\x1b'],
    [' ', '\0'],
    ['?', '\x7f'],
    ['é', 'é'],
    ['1', '1'],
  ])('Ctrl and %j', (key, bytes) => {
    expect(withControl(key)).toBe(bytes);
  });
});

it('arrows follow the mode that claude has set', () => {
  const up = barKeys.find(({ title }) => title === 'Up')!;
  expect([up.bytes(false), up.bytes(true)]).toEqual(['\x1b[A', '\x1bOA']);
});
