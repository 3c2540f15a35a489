import { describe, expect, it } from 'vitest';
import { TypedStreams } from '../../../../src/web/sockets/typed-streams.ts';
import { verifies } from '../../../requirements.ts';

describe(`what has been taken of what a browser typed ${verifies('web-page-reconnects')}`, () => {
  it('is remembered for the next connection, which ends the last one', () => {
    const streams = new TypedStreams(() => 0);
    let ended = 0;
    const first = streams.open('a', () => ended++);
    expect(first).toMatchObject({ taken: 0, isKnown: false });
    expect([first.take(2), first.take(3)]).toEqual([2, 5]);
    const second = streams.open('a', () => undefined);
    expect([second.taken, second.isKnown, ended]).toEqual([5, true, 1]);
    expect(first.take(1)).toBeUndefined();
    first.close();
    expect(second.take(1)).toBe(6);
  });

  it('is forgotten a quarter of an hour after the connection has ended, and no sooner', () => {
    let nowMs = 0;
    const streams = new TypedStreams(() => nowMs);
    const first = streams.open('a', () => undefined);
    first.take(1);
    nowMs += 3_600_000;
    streams.open('b', () => undefined);
    first.close();
    nowMs += 15 * 60_000;
    const again = streams.open('a', () => undefined);
    expect(again.isKnown).toBe(true);
    again.close();
    nowMs += 15 * 60_000 + 1;
    expect(streams.open('a', () => undefined)).toMatchObject({ taken: 0, isKnown: false });
  });
});
