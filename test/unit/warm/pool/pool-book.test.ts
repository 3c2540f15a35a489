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

describe(`the pool's book, entry by entry ${verifies('warm-bounded')}`, () => {
  const states = (pool: PoolBook): string[] => pool.entries.map(({ key, state }) => `${key} ${state}`);
  const idle = (pool: PoolBook, key: string, now = 0): number => {
    const [spawn] = pool.prewarm(key, pool.entries.length + 1, now) as [PoolAction];
    pool.idle(spawn.id, now);
    return spawn.id;
  };

  it('says who waits, for what, and that it drains', () => {
    const pool = book();
    expect([pool.waiting, pool.isDraining, pool.oldestWaiter('a')]).toEqual([0, false, undefined]);
    const other = pool.request('b', false, 1);
    const first = pool.request('a', false, 2);
    pool.request('a', false, 3);
    expect([pool.waiting, pool.oldestWaiter('a'), pool.oldestWaiter('b')]).toEqual([3, first, other]);
    pool.drain();
    expect(pool.isDraining).toBe(true);
  });

  it('knows every key that something may still be started for', () => {
    const pool = book();
    idle(pool, 'there');
    pool.request('waiting', true, 1);
    pool.withdraw(pool.request('asked', false, 2)!);
    expect([...pool.keys()].sort()).toEqual(['asked', 'there', 'waiting']);
    pool.cool('asked');
    expect([...pool.keys()].sort()).toEqual(['there', 'waiting']);
  });

  it('warms as many as are missing of that kind, and as there is room for', () => {
    const pool = book({ poolSize: 5 });
    const [leaving] = pool.prewarm('a', 2, 0);
    pool.ending(leaving!.id);
    pool.prewarm('b', 1, 0);
    expect(states(pool)).toEqual(['a ending', 'a starting', 'b starting']);
    expect(pool.prewarm('a', 2, 0)).toMatchObject([{ type: 'spawn', key: 'a', for: 'spare' }]);
    expect(pool.prewarm('a', 2, 0)).toEqual([]);
    expect(pool.prewarm('a', 9, 0)).toHaveLength(1);
    expect(pool.prewarm('a', 9, 0)).toEqual([]);
  });

  it('counts a place as taken while its process is busy, and not while it is idle', () => {
    const pool = book({ maxWaiting: 0 });
    idle(pool, 'a');
    expect([1, 2, 3].map(() => pool.request('a', false, 0) !== undefined)).toEqual([true, true, false]);
    const full = book({ maxWaiting: 0 });
    busy(full, 'a');
    expect([1, 2].map(() => full.request('a', false, 0) !== undefined)).toEqual([true, false]);
  });

  it('a process that ends is not given out again, whatever is said of it', () => {
    const pool = book();
    const id = idle(pool, 'a');
    pool.recycling(id);
    expect(states(pool)).toEqual(['a idle']);
    pool.ending(id);
    pool.idle(id, 1);
    pool.recycling(id);
    expect(states(pool)).toEqual(['a ending']);
    const taken = busy(pool, 'b');
    pool.recycling(taken);
    expect(states(pool)).toEqual(['a ending', 'b recycling']);
    for (const say of [pool.idle, pool.recycling, pool.ending, pool.gone]) say.call(pool, 99, 1);
    expect(states(pool)).toEqual(['a ending', 'b recycling']);
  });

  it('a process on its way counts for its own kind alone', () => {
    const pool = book();
    pool.prewarm('a', 1, 0);
    pool.request('b', false, 1);
    expect(pool.decide(1)).toMatchObject([{ type: 'spawn', key: 'b', for: 'waiter' }]);
  });

  it('a process that is made fresh is waited for, if it may serve once more and a used one will do', () => {
    const recycling = (unused: boolean, maxRequestsPerSession: number): PoolAction[] => {
      const pool = book({ maxRequestsPerSession });
      pool.recycling(busy(pool, 'a'));
      pool.request('a', unused, 1);
      return pool.decide(1);
    };
    expect(recycling(false, 2)).toEqual([]);
    expect(recycling(true, 2)).toMatchObject([{ type: 'spawn' }]);
    expect(recycling(false, 1)).toMatchObject([{ type: 'spawn' }]);
  });

  it('a place that comes free is promised once', () => {
    const pool = book();
    pool.ending(idle(pool, 'a'));
    const second = idle(pool, 'a');
    pool.request('b', false, 1);
    expect(pool.decide(1)).toEqual([]);
    pool.request('c', false, 1);
    expect(pool.decide(1)).toEqual([{ type: 'evict', id: second, reason: 'displaced' }]);
  });

  it('has nothing to give up when memory is short and nothing is idle', () => {
    expect(book().decide(0, true)).toEqual([]);
  });

  it('has a deadline while something is idle: the first one', () => {
    const pool = book();
    busy(pool, 'a', 100);
    expect(pool.nextDeadline()).toBeUndefined();
    const two = book();
    const [first, second] = two.prewarm('a', 2, 0);
    two.idle(first!.id, 500);
    two.idle(second!.id, 300);
    expect(two.nextDeadline()).toBe(1300);
    const mixed = book();
    busy(mixed, 'a', 0);
    idle(mixed, 'b', 700);
    expect(mixed.nextDeadline()).toBe(1700);
  });
});

describe(`spares ${verifies('warm-bounded')}`, () => {
  const minuteMs = 60_000;
  const rest = { maxIdleMs: 10 * minuteMs, maxSessionAgeMs: 10 * minuteMs };

  /** Its only process is busy, and the key was asked for at those two times. */
  function asked(first: number, second: number, poolSize = 3): PoolBook {
    const pool = book({ poolSize, ...rest });
    busy(pool, 'a', first);
    pool.withdraw(pool.request('a', false, second)!);
    return pool;
  }
  const spare = [{ type: 'spawn', key: 'a', for: 'spare' }];

  it('two requests within a minute make a kind hot, to the millisecond', () => {
    expect(asked(1000, 1000 + minuteMs).decide(1000 + minuteMs)).toMatchObject(spare);
    expect(asked(1000, 1001 + minuteMs).decide(1001 + minuteMs)).toEqual([]);
    const once = book({ poolSize: 3 });
    busy(once, 'a', 1000);
    expect(once.decide(1001)).toEqual([]);
  });

  it('it is cold again a minute after the last, and forgotten', () => {
    expect(asked(1000, 2000).decide(2000 + minuteMs)).toMatchObject(spare);
    const pool = asked(1000, 2000);
    expect(pool.decide(2001 + minuteMs)).toEqual([]);
    pool.gone(pool.entries[0]!.id);
    expect([...pool.keys()]).toEqual([]);
  });

  it('a request for an unused process makes nothing hot', () => {
    const pool = book({ poolSize: 3 });
    busy(pool, 'a', 1000);
    pool.withdraw(pool.request('a', true, 1001)!);
    expect(pool.decide(1002)).toEqual([]);
  });

  it('a kind whose processes do not start gets none', () => {
    const pool = asked(1000, 2000);
    pool.cool('a');
    expect(pool.decide(2001)).toEqual([]);
  });

  it('there is none beside one of its kind that is there or comes; another kind does not count', () => {
    for (const state of ['starting', 'idle', 'recycling'] as const) {
      const pool = asked(1000, 2000);
      const [{ id }] = pool.prewarm('a', 2, 2000) as [PoolAction];
      if (state !== 'starting') pool.idle(id, 2000);
      if (state === 'recycling') {
        pool.request('a', false, 2000);
        pool.decide(2000);
        pool.recycling(id);
      }
      expect(pool.decide(2001), state).toEqual([]);
    }
    const beside = asked(1000, 2000);
    const [{ id }] = beside.prewarm('b', 1, 2000) as [PoolAction];
    beside.idle(id, 2000);
    expect(beside.decide(2001)).toMatchObject(spare);
  });

  it('there is none without room, while somebody waits, or while the pool drains', () => {
    expect(asked(1000, 2000, 1).decide(2000)).toEqual([]);
    const drained = asked(1000, 2000);
    drained.drain();
    expect(drained.decide(2000)).toEqual([]);
    const pool = asked(1000, 2000);
    pool.request('b', false, 2001);
    const [forB] = pool.decide(2001) as [PoolAction];
    expect(forB).toMatchObject({ type: 'spawn', key: 'b' });
    expect(pool.decide(2002)).toEqual([]);
    pool.idle(forB.id, 2003);
    expect(pool.decide(2003)).toMatchObject([{ type: 'assign', id: forB.id }, ...spare]);
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
