import { describe, expect, it } from 'vitest';
import { Deferrals } from '../../../src/mesh/deferrals.ts';

describe('mail that is put off', () => {
  it('takes no more than its share of the places: who floods keeps nobody else’s mail back', () => {
    const deferrals = new Deferrals();
    const put = (machine: string, count: number, now: number, from = 0) =>
      Array.from({ length: count }, (_, at) => deferrals.putOff(machine, from + at, now)).filter(Boolean).length;
    expect(put('mallory', 500, 0)).toBe(64);
    expect(put('alpha', 10, 0)).toBe(10);
    // those that wait already may wait on
    expect(put('mallory', 64, 30_000)).toBe(64);
    expect(deferrals.putOff('mallory', 900, 30_000)).toBe(false);
    deferrals.settled('mallory', 3);
    expect(deferrals.putOff('mallory', 900, 30_000)).toBe(true);
    expect(deferrals.putOff('mallory', 901, 30_000)).toBe(false);
    // a wiped store sends none of them again
    expect(put('mallory', 500, 90_001, 1000)).toBe(64);
  });
});
