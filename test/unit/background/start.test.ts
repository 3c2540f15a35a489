import { describe, expect, it } from 'vitest';
import { missingOptions } from '../../../src/background/start.ts';

describe('options of Node that a background process is given', () => {
  it('has none twice, however many of ours have started one another', () => {
    let own: string[] = [];
    for (let generation = 0; generation < 3; generation++) {
      own = [...own, ...missingOptions(['--max-semi-space-size=2', '--expose-gc'], own)];
      own = [...own, ...missingOptions(['--max-semi-space-size=2'], own)];
    }
    expect(own).toEqual(['--max-semi-space-size=2', '--expose-gc']);
  });
});
