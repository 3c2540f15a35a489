/**
 * The pool's bookkeeping, pure: which processes there are, who waits, and what is to be done next. The caller does it and
 * reports back. Processes of one key are alike in everything that is fixed when claude starts.
 */

export interface PoolLimits {
  /** Processes at most, over all keys. */
  poolSize: number;
  /** Requests that may wait at most, beside those that a process is about to take. */
  maxWaiting: number;
  maxRequestsPerSession: number;
  maxSessionAgeMs: number;
  maxIdleMs: number;
}

export type EvictReason = 'age' | 'idle' | 'requests' | 'displaced' | 'memory' | 'drain';

export type PoolAction =
  | { type: 'spawn'; id: number; key: string; for: 'waiter' | 'spare' }
  | { type: 'assign'; id: number; waiter: number; served: number }
  | { type: 'evict'; id: number; reason: EvictReason };

export interface PoolEntry {
  id: number;
  key: string;
  state: 'starting' | 'idle' | 'busy' | 'recycling' | 'ending';
  createdAt: number;
  idleSince: number;
  served: number;
}

interface Waiter {
  id: number;
  key: string;
  /** Only a process that has served nobody will do. */
  unused: boolean;
}

/** Two requests of a key within this time make it hot: it gets a spare. */
const hotWithinMs = 60_000;

export class PoolBook {
  readonly #limits: PoolLimits;
  readonly #entries = new Map<number, PoolEntry>();
  #waiters: Waiter[] = [];
  readonly #lastRequests = new Map<string, { at: number; before: number }>();
  #lastId = 0;
  #draining = false;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  get entries(): readonly PoolEntry[] {
    return [...this.#entries.values()];
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** It takes no more requests. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** A request wants a process. @returns the waiter's id; undefined when too many wait already, or the pool drains */
  request(key: string, unused: boolean, now: number): number | undefined {
    const busy = this.entries.filter(({ state }) => state === 'busy').length;
    // who has a place in sight does not count as waiting
    const mayWait = this.#limits.maxWaiting + this.#limits.poolSize - busy;
    if (this.#draining || this.#waiters.length >= mayWait) return undefined;
    const before = this.#lastRequests.get(key)?.at ?? Number.NEGATIVE_INFINITY;
    if (!unused) this.#lastRequests.set(key, { at: now, before });
    const id = ++this.#lastId;
    this.#waiters.push({ id, key, unused });
    return id;
  }

  /** The waiter has gone. @returns false when it was not waiting any more */
  withdraw(waiter: number): boolean {
    const before = this.#waiters.length;
    this.#waiters = this.#waiters.filter(({ id }) => id !== waiter);
    return this.#waiters.length < before;
  }

  /** Who has waited longest for that key. */
  oldestWaiter(key: string): number | undefined {
    return this.#waiters.find((waiter) => waiter.key === key)?.id;
  }

  /** Processes of that key do not start: no spare is tried. */
  cool(key: string): void {
    this.#lastRequests.delete(key);
  }

  /** Every key that something may still be started for. */
  keys(): Set<string> {
    const { entries } = this;
    return new Set([...entries, ...this.#waiters].map(({ key }) => key).concat([...this.#lastRequests.keys()]));
  }

  /** Wants processes of that key to be there before anybody asks. @returns how many are to be started now */
  prewarm(key: string, count: number, now: number): PoolAction[] {
    const there = this.entries.filter((entry) => entry.key === key && entry.state !== 'ending').length;
    const room = this.#limits.poolSize - this.#entries.size;
    return Array.from({ length: Math.max(0, Math.min(count - there, room)) }, () => this.#spawn(key, 'spare', now));
  }

  /** The process may be given out: it has started, or is fresh again. */
  idle(id: number, now: number): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.state === 'ending') return;
    entry.state = 'idle';
    entry.idleSince = now;
  }

  /** The process is being made fresh after a request. */
  recycling(id: number): void {
    const entry = this.#entries.get(id);
    if (entry?.state === 'busy') entry.state = 'recycling';
  }

  /** The process is being ended; its place is taken until it is gone. */
  ending(id: number): void {
    const entry = this.#entries.get(id);
    if (entry) entry.state = 'ending';
  }

  gone(id: number): void {
    this.#entries.delete(id);
  }

  /** No more requests; everything idle goes. */
  drain(): void {
    this.#draining = true;
  }

  /** What to do now. Assigned and evicted entries are marked so at once; `lowMemory` costs the one idle longest its place. */
  decide(now: number, lowMemory = false): PoolAction[] {
    const actions: PoolAction[] = [];
    this.#evictOld(now, actions);
    /** Starting and recycling processes, each promised to one waiter. */
    const promised = new Set<number>();
    /** Places that will be free soon, each promised to one waiter. */
    let freeing = this.entries.filter(({ state }) => state === 'ending').length;
    for (const waiter of [...this.#waiters]) {
      const free = this.#leastRecent((entry) => entry.key === waiter.key && (!waiter.unused || entry.served === 0));
      if (free) {
        this.withdraw(waiter.id);
        free.state = 'busy';
        free.served++;
        actions.push({ type: 'assign', id: free.id, waiter: waiter.id, served: free.served });
        continue;
      }
      const coming = this.entries.find(
        ({ id, key, state, served }) =>
          key === waiter.key &&
          !promised.has(id) &&
          (state === 'starting' ||
            (state === 'recycling' && !waiter.unused && served < this.#limits.maxRequestsPerSession)),
      );
      if (coming) promised.add(coming.id);
      else if (this.#entries.size < this.#limits.poolSize) {
        const action = this.#spawn(waiter.key, 'waiter', now);
        promised.add(action.id);
        actions.push(action);
      } else if (freeing > 0) freeing--;
      else {
        const victim = this.#leastRecent(() => true);
        if (victim) this.#evict(victim, 'displaced', actions);
        // Without a victim this request waits for a process to end. The loop goes on, because a later request may find an idle
        // process of its own kind.
      }
    }
    if (lowMemory) {
      const victim = this.#leastRecent(() => true);
      if (victim) this.#evict(victim, 'memory', actions);
    } else if (this.#waiters.length === 0 && !this.#draining) this.#spare(now, actions);
    return actions;
  }

  /** When `decide` has something to evict next, by the caller's clock; undefined while nothing is idle. */
  nextDeadline(): number | undefined {
    const { maxIdleMs, maxSessionAgeMs } = this.#limits;
    const deadlines = this.entries
      .filter(({ state }) => state === 'idle')
      .map(({ idleSince, createdAt }) => Math.min(idleSince + maxIdleMs, createdAt + maxSessionAgeMs));
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  #evictOld(now: number, actions: PoolAction[]): void {
    const { maxIdleMs, maxSessionAgeMs, maxRequestsPerSession } = this.#limits;
    for (const entry of this.entries.filter(({ state }) => state === 'idle')) {
      if (this.#draining) this.#evict(entry, 'drain', actions);
      else if (entry.served >= maxRequestsPerSession) this.#evict(entry, 'requests', actions);
      else if (now - entry.createdAt >= maxSessionAgeMs) this.#evict(entry, 'age', actions);
      else if (now - entry.idleSince >= maxIdleMs) this.#evict(entry, 'idle', actions);
    }
  }

  /** One more process for a key that is asked for again and again, where there is room: the next request finds it warm. */
  #spare(now: number, actions: PoolAction[]): void {
    for (const [key, { at, before }] of this.#lastRequests) {
      if (now - at > hotWithinMs) this.#lastRequests.delete(key);
      else if (
        at - before <= hotWithinMs &&
        this.#entries.size < this.#limits.poolSize &&
        !this.entries.some((entry) => entry.key === key && ['idle', 'starting', 'recycling'].includes(entry.state))
      ) {
        actions.push(this.#spawn(key, 'spare', now));
      }
    }
  }

  #spawn(key: string, reason: 'waiter' | 'spare', now: number): PoolAction & { type: 'spawn' } {
    const id = ++this.#lastId;
    this.#entries.set(id, { id, key, state: 'starting', createdAt: now, idleSince: now, served: 0 });
    return { type: 'spawn', id, key, for: reason };
  }

  #evict(entry: PoolEntry, reason: EvictReason, actions: PoolAction[]): void {
    entry.state = 'ending';
    actions.push({ type: 'evict', id: entry.id, reason });
  }

  #leastRecent(fits: (entry: PoolEntry) => boolean): PoolEntry | undefined {
    return this.entries
      .filter((entry) => entry.state === 'idle' && fits(entry))
      .sort((a, b) => a.idleSince - b.idleSince)[0];
  }
}
