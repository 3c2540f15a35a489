/** Runs requests on warm processes: does what the book decides, and keeps every wait bounded. */
import { setMaxListeners } from 'node:events';
import { isSlashPrompt } from '../../claude/stream/fresh-start.ts';
import type { ResultLine } from '../../claude/stream/stream-json.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { steadyNow } from '../../process/clock.ts';
import { withDeadline } from './deadline.ts';
import { makeReady } from './make-ready.ts';
import { isMemoryShort } from './memory.ts';
import { type PoolAction, PoolBook } from './pool-book.ts';
import { type Held, PoolEndings } from './pool-endings.ts';
import { launchKey, type PoolEvent, type PoolOptions, type PoolRequest, type PoolState } from './pool-request.ts';
import type { LaunchSpec } from './stream-child.ts';
import { WaitingRequests } from './waiting-requests.ts';
import { WarmProcess } from './warm-process.ts';

/** Keys of processes that are nobody's but their one request's. */
const coldPrefix = 'cold-';

export class WarmPool {
  readonly #options: PoolOptions;
  readonly #tell: (event: PoolEvent) => void;
  readonly #book: PoolBook;
  readonly #specs = new Map<string, LaunchSpec>();
  readonly #held = new Map<number, Held>();
  readonly #endings: PoolEndings;
  readonly #waiters = new WaitingRequests<Held>();
  /** Everything that runs in the background: starting, making fresh, ending. */
  readonly #chores = new Set<Promise<unknown>>();
  /** Processes that are starting, with why they did not in the end. */
  readonly #starts = new Map<number, Promise<ClaudexError | undefined>>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions, tell: (event: PoolEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#book = new PoolBook(options);
    this.#endings = new PoolEndings(this.#book, this.#held, tell);
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

  /**
   * Starts processes until `count` of that kind are there or the pool is full; resolves when all of that kind serve, those that
   * somebody else has started too.
   * @throws ClaudexError why one did not start; ABORTED when the pool takes no more
   */
  async prewarm(spec: LaunchSpec, count: number): Promise<void> {
    if (this.#book.isDraining) throw new ClaudexError('ABORTED', 'The pool takes no more.');
    const key = this.#remember(spec);
    for (const action of this.#book.prewarm(key, count, steadyNow())) this.#chore(this.#do(action));
    const starting = this.#book.entries.filter((entry) => entry.key === key && entry.state === 'starting');
    const errors = await Promise.all(starting.map(({ id }) => this.#starts.get(id)));
    const failed = errors.find((error) => error !== undefined);
    if (failed) throw this.#closed.signal.aborted ? new ClaudexError('ABORTED', 'The pool was closed.') : failed;
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
    const id = this.#book.request(key, unused, steadyNow());
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
      const usedOnce = request.cold === true || isSlashPrompt(prompt) || this.#closed.signal.aborted;
      this.#chore(this.#endings.release(held, usedOnce));
    }
  }

  /** Lets the book decide until it has nothing more, and sets the clock for its next eviction. */
  #work(): void {
    for (const ending of this.#endings.putAway()) this.#chore(ending);
    const keys = this.#book.keys();
    for (const key of this.#specs.keys()) if (!keys.has(key)) this.#specs.delete(key);
    for (const action of this.#book.decide(steadyNow(), isMemoryShort())) this.#chore(this.#do(action));
    clearTimeout(this.#timer);
    const deadline = this.#book.nextDeadline();
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#work(), Math.max(50, deadline - steadyNow()));
    this.#timer.unref();
  }

  #chore(promise: Promise<unknown>): void {
    const chore = promise.finally(() => {
      this.#chores.delete(chore);
      this.#work();
    });
    this.#chores.add(chore);
  }

  async #do(action: PoolAction): Promise<void> {
    if (action.type === 'spawn') {
      const start = this.#spawn(action.id, action.key, action.for);
      this.#starts.set(action.id, start);
      await start;
      this.#starts.delete(action.id);
      return;
    }
    const held = this.#held.get(action.id);
    if (!held) return;
    if (action.type === 'evict') return await this.#endings.evict(held, action.reason);
    const requestId = this.#waiters.assign(action.waiter, held);
    const { pid = 0 } = held.process;
    if (requestId === undefined) this.#book.idle(held.id, steadyNow());
    else if (action.served > 1) this.#tell({ event: 'reuse', pid, key: held.key, requestId, served: action.served });
  }

  /** @returns why it did not start */
  async #spawn(id: number, key: string, reason: 'waiter' | 'spare'): Promise<ClaudexError | undefined> {
    const startedAt = steadyNow();
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
      if (held) await this.#endings.end(held);
      else this.#book.gone(id);
      this.#failOldest(key, known);
      return known;
    }
    const { pid = 0, ended } = held.process;
    this.#tell({ event: 'spawn', pid, key, for: reason, readyMs: Math.round(steadyNow() - startedAt) });
    this.#book.idle(id, steadyNow());
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
