import { describe, expect, it } from 'vitest';
import { type PoolAction, PoolBook, type PoolLimits } from '../../../../src/warm/pool/pool-book.ts';
import { verifies } from '../../../requirements.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const limits: PoolLimits = {
  poolSize: 2,
  maxWaiting: 3,
  maxRequestsPerSession: 5,
  maxSessionAgeMs: 10_000,
  maxIdleMs: 1000,
};

function book(changed: Partial<PoolLimits> = {}): PoolBook {
  return new PoolBook({ ...limits, ...changed });
}

/** Starts one process for `key` and gives it out. @returns the process's id */
function busy(pool: PoolBook, key: string, now = 0): number {
  pool.request(key, false, now);
  const [spawn] = pool.decide(now) as [PoolAction];
  pool.idle(spawn.id, now);
  pool.decide(now);
  return spawn.id;
}

describe(`the pool's book ${verifies('warm-bounded')}`, () => {
  it('starts a process for the first request and gives it out once it serves', () => {
    const pool = book();
    const waiter = pool.request('a', false, 0);
    const [spawn, ...rest] = pool.decide(0);
    expect(spawn).toMatchObject({ type: 'spawn', key: 'a', for: 'waiter' });
    expect(rest).toEqual([]);
    expect(pool.decide(1)).toEqual([]);
    pool.idle(spawn!.id, 2);
    expect(pool.decide(2)).toEqual([{ type: 'assign', id: spawn!.id, waiter, served: 1 }]);
  });

  it('starts no second process for one waiter, and one for each of two', () => {
    const pool = book();
    pool.request('a', false, 0);
    expect(pool.decide(0)).toHaveLength(1);
    pool.request('a', false, 0);
    expect(pool.decide(0)).toHaveLength(1);
    pool.request('a', false, 0);
    expect(pool.decide(0)).toEqual([]);
  });

  it('gives out the process that has rested longest', () => {
    const pool = book();
    const first = busy(pool, 'a');
    const second = busy(pool, 'a');
    pool.recycling(second);
    pool.idle(second, 1);
    pool.recycling(first);
    pool.idle(first, 2);
    pool.request('a', false, 3);
    expect(pool.decide(3)).toMatchObject([{ type: 'assign', id: second }]);
  });

  it('serves in the order of asking', () => {
    const pool = book({ poolSize: 1 });
    const id = busy(pool, 'a');
    const first = pool.request('a', false, 1);
    const second = pool.request('a', false, 2);
    expect(pool.decide(2)).toEqual([]);
    pool.recycling(id);
    pool.idle(id, 3);
    expect(pool.decide(3)).toMatchObject([{ type: 'assign', waiter: first }]);
    pool.recycling(id);
    pool.idle(id, 4);
    expect(pool.decide(4)).toMatchObject([{ type: 'assign', waiter: second }]);
  });

  it('gives a place to another kind by ending one idle process, not more', () => {
    const pool = book();
    const [first, second] = [busy(pool, 'a'), busy(pool, 'a')];
    for (const id of [first, second]) {
      pool.recycling(id);
      pool.idle(id, id);
    }
    pool.request('b', false, 50);
    expect(pool.decide(50)).toEqual([{ type: 'evict', id: first, reason: 'displaced' }]);
    expect(pool.decide(51)).toEqual([]);
    pool.gone(first);
    expect(pool.decide(52)).toMatchObject([{ type: 'spawn', key: 'b' }]);
  });

  it('turns away who comes when too many wait, and forgets who leaves', () => {
    const pool = book({ poolSize: 1, maxWaiting: 1 });
    busy(pool, 'a');
    const waiter = pool.request('a', false, 0)!;
    expect(pool.request('a', false, 0)).toBeUndefined();
    expect(pool.withdraw(waiter)).toBe(true);
    expect(pool.withdraw(waiter)).toBe(false);
    expect(pool.request('a', false, 0)).toBeDefined();
  });

  it('turns nobody away who has a place in sight', () => {
    const pool = book({ maxWaiting: 0 });
    expect([1, 2, 3].map(() => pool.request('a', false, 0) !== undefined)).toEqual([true, true, false]);
  });

  it('gives only an unused process to who needs one', () => {
    const pool = book({ poolSize: 1 });
    const id = busy(pool, 'a');
    pool.recycling(id);
    pool.idle(id, 1);
    pool.request('a', true, 2);
    expect(pool.decide(2)).toEqual([{ type: 'evict', id, reason: 'displaced' }]);
    pool.gone(id);
    expect(pool.decide(3)).toMatchObject([{ type: 'spawn' }]);
  });

  it('ends what is old, idle for long, or has served enough', () => {
    const pool = book({ maxRequestsPerSession: 1 });
    const id = busy(pool, 'a');
    pool.recycling(id);
    pool.idle(id, 1);
    expect(pool.decide(1)).toContainEqual({ type: 'evict', id, reason: 'requests' });
    const idle = book();
    const [rest] = idle.prewarm('a', 1, 0);
    idle.idle(rest!.id, 0);
    expect(idle.nextDeadline()).toBe(1000);
    expect(idle.decide(999)).toEqual([]);
    expect(idle.decide(1000)).toEqual([{ type: 'evict', id: rest!.id, reason: 'idle' }]);
    const old = book({ maxIdleMs: 100_000 });
    const [aged] = old.prewarm('a', 1, 0);
    old.idle(aged!.id, 9000);
    expect(old.decide(10_000)).toEqual([{ type: 'evict', id: aged!.id, reason: 'age' }]);
  });

  it('keeps a spare for a key that is asked for again, where there is room', () => {
    const pool = book();
    const id = busy(pool, 'a', 0);
    pool.recycling(id);
    pool.idle(id, 10);
    pool.request('a', false, 20);
    expect(pool.decide(20)).toMatchObject([
      { type: 'assign', id },
      { type: 'spawn', key: 'a', for: 'spare' },
    ]);
    pool.cool('a');
    const full = book({ poolSize: 1 });
    busy(full, 'a', 0);
    full.request('a', false, 1);
    expect(full.decide(1)).toEqual([]);
  });

  it('gives up one idle process with each look when memory is short, and starts no spare', () => {
    const pool = book();
    const [first, second] = pool.prewarm('a', 2, 0);
    pool.idle(first!.id, 1);
    pool.idle(second!.id, 2);
    expect(pool.decide(3, true)).toEqual([{ type: 'evict', id: first!.id, reason: 'memory' }]);
  });

  it('takes no requests while it drains, and lets everything idle go', () => {
    const pool = book();
    const [one] = pool.prewarm('a', 1, 0);
    pool.idle(one!.id, 0);
    pool.drain();
    expect(pool.request('a', false, 1)).toBeUndefined();
    expect(pool.decide(1)).toEqual([{ type: 'evict', id: one!.id, reason: 'drain' }]);
  });

  it('never has more processes than places, gives none out twice, and serves everybody (seeded)', () => {
    for (let seed = 1; seed <= 60; seed++) run(seed);
  });
});

/** A pool under random requests, endings and crashes; every waiter must be served in the end. */
function run(seed: number): void {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const pool = book({ poolSize: 3, maxWaiting: 50, maxRequestsPerSession: 4 });
  const waiting = new Set<number>();
  const out = new Set<number>();
  let now = 0;
  const perform = (): void => {
    for (const action of pool.decide(now)) {
      if (action.type === 'assign') {
        expect(out.has(action.id), `seed ${seed}: process ${action.id} given out twice`).toBe(false);
        expect(waiting.delete(action.waiter)).toBe(true);
        out.add(action.id);
      } else if (action.type === 'evict') expect(out.has(action.id)).toBe(false);
    }
    expect(pool.entries.length).toBeLessThanOrEqual(3);
  };
  const step = (asks: boolean): void => {
    now += Math.floor(random() * 200);
    const what = random();
    if (asks && what < 0.4) {
      const id = pool.request(pick(['a', 'b', 'c'])!, random() < 0.1, now);
      if (id !== undefined) waiting.add(id);
    } else if (asks && what < 0.45) {
      const id = pick([...waiting]);
      if (id !== undefined && pool.withdraw(id)) waiting.delete(id);
    } else {
      const entry = pick(pool.entries.filter(({ state }) => state !== 'idle'));
      if (entry?.state === 'starting') random() < 0.9 ? pool.idle(entry.id, now) : pool.gone(entry.id);
      else if (entry?.state === 'busy') {
        out.delete(entry.id);
        pool.recycling(entry.id);
      } else if (entry?.state === 'recycling') random() < 0.8 ? pool.idle(entry.id, now) : pool.ending(entry.id);
      else if (entry) pool.gone(entry.id);
    }
    perform();
  };
  for (let index = 0; index < 300; index++) step(true);
  for (let index = 0; index < 2000 && waiting.size > 0; index++) step(false);
  expect(waiting.size, `seed ${seed}: somebody still waits`).toBe(0);
}
