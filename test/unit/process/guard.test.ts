import { afterEach, describe, expect, it } from 'vitest';
import { guarded, reportFailuresTo, reportOnce } from '../../../src/process/guard.ts';
import { Signal } from '../../../src/process/signal.ts';

describe('the net under what nobody waits for', () => {
  afterEach(() => reportFailuresTo(undefined));

  const fails = (): never => {
    throw new Error('no');
  };

  it('throws on where nobody takes reports', () => {
    expect(() => guarded('x', fails)).toThrow('no');
    expect(() => reportOnce('x', new Error('no'))).not.toThrow();
  });

  it('reports, and the other listeners of a signal are told', () => {
    const said: string[] = [];
    reportFailuresTo((error, what) => said.push(`${what}: ${(error as Error).message}`));
    const signal = new Signal<string>();
    const heard: string[] = [];
    signal.add((value) => heard.push(`first ${value}`));
    signal.add(fails);
    signal.add((value) => heard.push(`last ${value}`));
    signal.emit('a');
    expect(heard).toEqual(['first a', 'last a']);
    expect(said).toEqual(['listener: no']);
  });

  it('says once what is dealt with, and never more of it than fits', () => {
    let count = 0;
    reportFailuresTo(() => count++);
    for (let round = 0; round < 3; round++) reportOnce('the same', new Error('no'));
    expect(count).toBe(1);
    for (let index = 0; index < 5000; index++) reportOnce(`${index}`, new Error('no'));
    expect(count).toBe(5001);
  });
});
