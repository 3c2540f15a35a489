import { describe, expect, it } from 'vitest';
import { Lane, mostUnderWay } from '../../../../src/daemon/mesh/lane.ts';
import { verifies } from '../../../requirements.ts';

describe(`what is on its way to one machine ${verifies('mesh-sending')}`, () => {
  /** A lane that the bridge has taken these from, and the server has them. */
  function laneWith(...ids: string[]): Lane {
    const lane = new Lane();
    lane.onLine('l1');
    for (const id of ids) lane.done(lane.handOver(id, 0), undefined, 0);
    return lane;
  }

  it('what another line had and the server did not confirm goes out again', () => {
    const lane = laneWith('a');
    lane.handOver('b', 0);
    lane.onLine('l2');
    expect([lane.has('a'), lane.has('b')]).toEqual([true, false]);
  });

  it('goes out again, all of it, when nothing is heard of a machine that is there, ever more slowly', () => {
    const lane = laneWith('a', 'b');
    expect(lane.look(0, true, ['a', 'b'], false)).toBe(false);
    expect(lane.look(8000, true, ['a', 'b'], false)).toBe(false);
    expect(lane.look(8001, true, ['a', 'b'], false)).toBe(true);
    expect([lane.has('a'), lane.has('b')]).toEqual([false, false]);
    const key = lane.handOver('a', 8001);
    // the server must not take it for the piece that is lost
    expect(key).not.toBe('a');
    lane.done(key, undefined, 8001);
    lane.done(lane.handOver('b', 8001), undefined, 8001);
    expect(lane.look(8001 + 8001, true, ['a', 'b'], false)).toBe(false);
    expect(lane.look(8001 + 16_001, true, ['a', 'b'], false)).toBe(true);
  });

  it('waits for a machine that is away for as long as that takes, and gives it a moment when it is back', () => {
    const lane = laneWith('a');
    expect(lane.look(1_000_000, false, ['a'], false)).toBe(false);
    expect(lane.look(1_000_001, true, ['a'], false)).toBe(false);
    expect(lane.look(1_008_002, true, ['a'], false)).toBe(true);
  });

  it('a confirmation of one says that the others are on their way', () => {
    const lane = laneWith('a', 'b');
    lane.look(0, true, ['a', 'b'], false);
    lane.confirmed('a', 7000);
    expect(lane.look(9000, true, ['b'], false)).toBe(false);
    expect(lane.has('b')).toBe(true);
  });

  it('is full where that machine has so many to confirm, until it confirms one', () => {
    const ids = Array.from({ length: mostUnderWay }, (_, at) => `m${at}`);
    const lane = laneWith(...ids);
    expect(lane.look(0, true, [...ids, 'next'], false)).toBe(false);
    expect(lane.isFull).toBe(true);
    lane.confirmed('m0', 1);
    expect(lane.isFull).toBe(false);
    expect(lane.look(2, true, [...ids.slice(1), 'next'], false)).toBe(true);
  });

  it('goes out again where the server’s word of it is lost', () => {
    const lane = laneWith();
    lane.handOver('a', 0);
    lane.look(0, true, ['a'], false);
    expect(lane.look(8001, true, ['a'], false)).toBe(true);
  });

  it('what the server refuses goes out again later, with what came behind it', () => {
    const lane = laneWith('a');
    const key = lane.handOver('b', 100);
    lane.handOver('c', 100);
    lane.done(key, 'maximum bytes exceeded', 200);
    expect(lane.trouble).toBe('maximum bytes exceeded');
    expect([lane.has('a'), lane.has('b'), lane.has('c')]).toEqual([true, false, false]);
    expect([lane.isBlocked(5199), lane.isBlocked(5200)]).toEqual([true, false]);
    lane.done(lane.handOver('b', 5200), undefined, 5300);
    expect(lane.trouble).toBeUndefined();
  });

  it('asks what has become of what it has when nothing is heard', () => {
    const lane = new Lane();
    lane.look(0, true, [], true);
    lane.look(5001, true, [], true);
    expect(lane.asks).toBe(true);
    lane.ask(5001);
    lane.look(14_000, true, [], true);
    expect(lane.asks).toBe(false);
    lane.look(15_002, true, [], true);
    expect(lane.asks).toBe(true);
    lane.ask(15_002);
    lane.heard(16_000);
    lane.look(21_001, true, [], true);
    expect(lane.asks).toBe(true);
  });
});
