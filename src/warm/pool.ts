/** Runs requests on warm processes: does what the book decides, and keeps every wait bounded. */
import { setMaxListeners } from 'node:events';
import { isSlashPrompt } from '../claude/fresh-start.ts';
import type { ResultLine } from '../claude/stream-json.ts';
import { ClaudexError, toClaudexError } from '../errors.ts';
import { withDeadline } from './deadline.ts';
import { makeReady } from './make-ready.ts';
import { isMemoryShort } from './memory.ts';
import { type PoolAction, PoolBook } from './pool-book.ts';
import { launchKey, type PoolEvent, type PoolOptions, type PoolRequest, type PoolState } from './pool-request.ts';
import type { LaunchSpec } from './stream-child.ts';
import { Waiters } from './waiters.ts';
import { WarmProcess } from './warm-process.ts';

interface Held {
  id: number;
  key: string;
  process: WarmProcess;
}

/** Keys of processes that are nobody's but their one request's. */
const coldPrefix = 'cold-';

export class WarmPool {
  readonly #options: PoolOptions;
  readonly #tell: (event: PoolEvent) => void;
  readonly #book: PoolBook;
  readonly #specs = new Map<string, LaunchSpec>();
  readonly #held = new Map<number, Held>();
  readonly #waiters = new Waiters<Held>();
  /** Everything that runs in the background: starting, making fresh, ending. */
  readonly #chores = new Set<Promise<void>>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions, tell: (event: PoolEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#book = new PoolBook(options);
    // every request listens
    setMaxListeners(0, this.#closed.signal);
  }

  /** How many processes there are and what they do, and how many requests wait. */
  get state(): PoolState {
    return {
      processes: this.#book.entries.map(({ id, key, state, served }) => ({
        pid: this.#held.get(id)?.process.pid ?? 0,
        key,
        cwd: this.#specs.get(key)?.cwd ?? '',
        state,
        served,
      })),
      waiting: this.#book.waiting,
    };
  }

  /** It takes no more requests and was not closed: ABORTED now comes to those that had not begun. */
  get isDraining(): boolean {
    return this.#book.isDraining && !this.#closed.signal.aborted;
  }

  /**
   * One request, from waiting for a process to the result. Claude's own errors are results too.
   * @throws ClaudexError POOL_EXHAUSTED, TIMEOUT, ABORTED, SESSION_CRASHED, CLAUDE_ERROR (claude refuses to start)
   */
  async run(request: PoolRequest): Promise<ResultLine> {
    return await withDeadline(request.timeoutMs, [request.signal, this.#closed.signal], async (signal) => {
      const held = await this.#acquire(request, signal);
      return await this.#runOn(held, request, signal);
    });
  }

  /** Starts processes until `count` of that kind are there or the pool is full; resolves when they are ready. */
  async prewarm(spec: LaunchSpec, count: number): Promise<void> {
    if (this.#book.isDraining) throw new ClaudexError('ABORTED', 'The pool takes no more.');
    const key = this.#remember(spec);
    const starts = this.#book.prewarm(key, count, Date.now()).map((action) => this.#do(action));
    const failed = (await Promise.all(starts)).find((error) => error !== undefined);
    this.#work();
    if (failed) throw failed;
  }

  /** No more requests; those that run may end. Resolves when every process is gone. */
  async drain(): Promise<void> {
    this.#book.drain();
    this.#waiters.failAll(new ClaudexError('ABORTED', 'The pool is being emptied.'));
    this.#work();
    while (this.#held.size > 0 || this.#chores.size > 0) {
      await Promise.race([...this.#chores, new Promise((resolve) => setTimeout(resolve, 50))]);
      this.#work();
    }
    clearTimeout(this.#timer);
  }

  /** Takes back every request and ends every process; resolves when none is left. */
  async close(): Promise<void> {
    this.#closed.abort();
    for (const { id, state } of this.#book.entries) {
      if (state === 'starting') this.#chore(this.#held.get(id)?.process.terminate() ?? Promise.resolve());
    }
    await this.drain();
  }

  async #acquire(request: PoolRequest, signal: AbortSignal): Promise<Held> {
    const cold = request.cold === true;
    const key = this.#remember(request.spec, cold);
    const unused = cold || isSlashPrompt(request.prompt);
    if (signal.aborted) throw signal.reason;
    const id = this.#book.request(key, unused, Date.now());
    if (id === undefined) throw new ClaudexError('POOL_EXHAUSTED', `${this.#book.waiting} requests wait already.`);
    const held = this.#waiters.wait({
      id,
      requestId: request.requestId,
      signal,
      timeoutMs: this.#options.acquireTimeoutMs,
    });
    this.#work();
    return await held.catch((error: unknown) => {
      this.#book.withdraw(id);
      throw error;
    });
  }

  async #runOn(held: Held, request: PoolRequest, signal: AbortSignal): Promise<ResultLine> {
    const { process: claude, key } = held;
    const { requestId, prompt } = request;
    const pid = claude.pid ?? 0;
    try {
      return await claude.turn(prompt, { ...request, signal });
    } catch (error) {
      const { code } = toClaudexError(error);
      if (code === 'TIMEOUT') this.#tell({ event: 'timeout', pid, key, requestId });
      if (code === 'SESSION_CRASHED') this.#tell({ event: 'crash', pid, key, requestId });
      throw error;
    } finally {
      this.#chore(this.#release(held, request.cold === true || isSlashPrompt(prompt)));
    }
  }

  /** Makes the process fresh, and only then lets the next one have it. */
  async #release(held: Held, usedOnce: boolean): Promise<void> {
    this.#book.recycling(held.id);
    const startedAt = Date.now();
    const pid = held.process.pid ?? 0;
    const spent = usedOnce || this.#closed.signal.aborted ? 'used-once' : await held.process.recycle();
    if (spent) {
      this.#tell({ event: 'recycle', pid, key: held.key, reason: spent });
      await this.#end(held);
    } else {
      this.#tell({ event: 'reset', pid, key: held.key, tookMs: Date.now() - startedAt });
      this.#book.idle(held.id, Date.now());
    }
  }

  async #end(held: Held): Promise<void> {
    this.#book.ending(held.id);
    await held.process.terminate();
    this.#book.gone(held.id);
    this.#held.delete(held.id);
  }

  /** Lets the book decide until it has nothing more, and sets the clock for its next eviction. */
  #work(): void {
    this.#putAway();
    for (const action of this.#book.decide(Date.now(), isMemoryShort()))
      this.#chore(this.#do(action).then(() => undefined));
    clearTimeout(this.#timer);
    const deadline = this.#book.nextDeadline();
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#work(), Math.max(50, deadline - Date.now()));
    this.#timer.unref();
  }

  /** Idle processes that have died or made themselves unusable, and what is known of kinds that nobody asks for any more. */
  #putAway(): void {
    for (const { id, state } of this.#book.entries) {
      const held = this.#held.get(id);
      if (state !== 'idle' || !held?.process.spent) continue;
      const { pid = 0, spent } = held.process;
      if (spent === 'crashed') this.#tell({ event: 'crash', pid, key: held.key, requestId: null });
      else this.#tell({ event: 'recycle', pid, key: held.key, reason: spent });
      this.#book.ending(id);
      this.#chore(this.#end(held));
    }
    const keys = this.#book.keys();
    for (const key of this.#specs.keys()) if (!keys.has(key)) this.#specs.delete(key);
  }

  #chore(promise: Promise<void>): void {
    const chore = promise.finally(() => {
      this.#chores.delete(chore);
      this.#work();
    });
    this.#chores.add(chore);
  }

  /** @returns why a process did not start */
  async #do(action: PoolAction): Promise<ClaudexError | undefined> {
    if (action.type === 'spawn') return await this.#spawn(action.id, action.key, action.for);
    const held = this.#held.get(action.id);
    if (!held) return undefined;
    if (action.type === 'evict') {
      this.#tell({ event: 'evict', pid: held.process.pid ?? 0, key: held.key, reason: action.reason });
      await this.#end(held);
      return undefined;
    }
    const requestId = this.#waiters.assign(action.waiter, held);
    const { pid = 0 } = held.process;
    if (requestId === undefined) this.#book.idle(held.id, Date.now());
    else if (action.served > 1) this.#tell({ event: 'reuse', pid, key: held.key, requestId, served: action.served });
    return undefined;
  }

  async #spawn(id: number, key: string, reason: 'waiter' | 'spare'): Promise<ClaudexError | undefined> {
    const startedAt = Date.now();
    let held: Held | undefined;
    try {
      held = { id, key, process: new WarmProcess(this.#specs.get(key)!, () => this.#work()) };
      this.#held.set(id, held);
      if (!key.startsWith(coldPrefix)) await makeReady(held.process, this.#options);
    } catch (error) {
      const known = toClaudexError(error);
      const cause = known.code === 'TIMEOUT' ? 'timeout' : 'crashed';
      this.#book.cool(key);
      this.#tell({ event: 'recycle', pid: held?.process.pid ?? 0, key, reason: cause });
      if (held) await this.#end(held);
      else this.#book.gone(id);
      this.#failOldest(key, known);
      return known;
    }
    const { pid = 0, ended } = held.process;
    this.#tell({ event: 'spawn', pid, key, for: reason, readyMs: Date.now() - startedAt });
    this.#book.idle(id, Date.now());
    void ended.then(() => this.#work());
    return undefined;
  }

  /** What keeps one process from starting keeps the others of that kind from it: who waits longest is told. */
  #failOldest(key: string, error: ClaudexError): void {
    const id = this.#book.oldestWaiter(key);
    if (id !== undefined) this.#waiters.fail(id, error);
  }

  #remember(spec: LaunchSpec, cold = false): string {
    const key = `${cold ? coldPrefix : ''}${launchKey(spec)}`;
    this.#specs.set(key, spec);
    return key;
  }
}
