/**
 * Searching many transcripts, on several cores, in the order given. A regular expression runs in a thread that can be stopped:
 * that bounds any pattern without a second regex engine, and keeps V8's speed (docs/history.md).
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { packageRoot } from '../home/package.ts';
import type { ScannedHit, SearchHit } from './scan-transcript.ts';
import { createMatcher, type SearchQuery } from './search-query.ts';
import type { WorkerFile, WorkerReply, WorkerTask } from './search-worker.ts';

/** Each thread costs some 15 MB. */
const maxThreads = 4;
/** A thread for less than this costs more than it saves. */
const bytesPerThread = 16 << 20;
/** How long a pattern may take for one record; the largest there is takes some milliseconds. */
const stuckMs = 3000;

export interface SearchOptions {
  /** Lines shown before and after. 0 by default. */
  context?: number;
  /** 1000 by default. */
  maxHits?: number;
  /** Secrets are shown as they are. */
  raw?: boolean;
  /** Stops it. */
  signal?: AbortSignal;
}

export type SearchedFile = WorkerFile & { bytes: number };

/**
 * Hits in the order of `files`. A record that a fork has copied is told once.
 * @param files or how to get them: the first thread starts meanwhile
 * @throws ClaudexError BAD_PATTERN, USAGE, PATTERN_TOO_SLOW, ABORTED
 */
export async function* searchTranscripts(
  files: readonly SearchedFile[] | (() => Promise<readonly SearchedFile[]>),
  query: SearchQuery,
  options: SearchOptions = {},
): AsyncGenerator<SearchHit> {
  const { context = 0, maxHits = 1000, raw = false, signal } = options;
  createMatcher(query); // says what is wrong with it before any thread starts
  const pool = new ScanPool({ query, context, maxHits, raw });
  const told = new Map<string, string>();
  let count = 0;
  const abort = (): void => pool.fail(new ClaudexError('ABORTED', 'The search was stopped.'));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    const list = typeof files === 'function' ? await files() : files;
    pool.scan(list);
    for (const file of list) {
      for (const { uuid, ...hit } of await pool.hitsOf(file.path)) {
        const key = `${uuid} ${hit.where} ${hit.text}`;
        if (uuid !== null && (told.get(key) ?? hit.path) !== hit.path) continue;
        told.set(key, hit.path);
        yield hit;
        if (++count >= maxHits) return;
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    await pool.close();
  }
}

type Settled = { hits: ScannedHit[] } | { error: ClaudexError };

interface Scanner {
  worker: Worker;
  /** Odd while it looks closely at a record; counts on with each. */
  progress: Int32Array;
  isIdle: boolean;
}

/** Hands files out to threads in their order and keeps what comes back until it is asked for. */
class ScanPool {
  readonly #queue: WorkerFile[] = [];
  readonly #task: Omit<WorkerTask, 'progress'>;
  readonly #scanners: Scanner[] = [];
  readonly #settled = new Map<string, Settled>();
  readonly #watch: NodeJS.Timeout;
  #waiting: { path: string; resolve: (settled: Settled) => void } | undefined;
  #keptHits = 0;
  #failure: ClaudexError | undefined;

  constructor(task: Omit<WorkerTask, 'progress'>) {
    this.#task = task;
    this.#scanners.push(this.#start());
    let before: number[] = [];
    this.#watch = setInterval(() => {
      const now = this.#scanners.map(({ progress }) => Atomics.load(progress, 0));
      const isStuck = task.query.isRegex && now.some((count, index) => count % 2 === 1 && count === before[index]);
      if (isStuck) this.fail(new ClaudexError('PATTERN_TOO_SLOW', `One record took over ${stuckMs} ms.`));
      before = now;
    }, stuckMs);
  }

  /** Hands files out, to as many threads as they are worth. */
  scan(files: readonly SearchedFile[]): void {
    const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
    const threads = Math.min(maxThreads, availableParallelism(), files.length, Math.ceil(bytes / bytesPerThread));
    while (this.#scanners.length < threads) this.#scanners.push(this.#start());
    this.#queue.push(...files.map(({ sessionId, path }) => ({ sessionId, path })));
    this.#handOut();
  }

  /** What a file holds; files are asked for in their order. @throws ClaudexError PATTERN_TOO_SLOW, INTERNAL */
  async hitsOf(path: string): Promise<ScannedHit[]> {
    const settled =
      this.#settled.get(path) ??
      (this.#failure && { error: this.#failure }) ??
      (await new Promise<Settled>((resolve) => {
        this.#waiting = { path, resolve };
      }));
    if ('error' in settled) throw settled.error;
    this.#settled.delete(path);
    this.#keptHits -= settled.hits.length;
    this.#handOut();
    return settled.hits;
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(this.#scanners.map(({ worker }) => worker.terminate()));
  }

  #start(): Scanner {
    const shared = new SharedArrayBuffer(4);
    const worker = new Worker(workerFile(), {
      workerData: { ...this.#task, progress: shared } satisfies WorkerTask,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const scanner: Scanner = { worker, progress: new Int32Array(shared), isIdle: true };
    worker.on('message', (reply: WorkerReply) => {
      scanner.isIdle = true;
      this.#settle(reply);
    });
    worker.on('error', (error) => this.fail(toClaudexError(error)));
    return scanner;
  }

  /** Not while more is kept than will be told: the rest would only cost memory. */
  #handOut(): void {
    for (const scanner of this.#scanners) {
      if (!scanner.isIdle || this.#keptHits > this.#task.maxHits) continue;
      const file = this.#queue.shift();
      if (!file) return;
      scanner.isIdle = false;
      scanner.worker.postMessage(file);
    }
  }

  #settle({ path, hits, error }: WorkerReply): void {
    const settled: Settled = error === undefined ? { hits } : { error: new ClaudexError('INTERNAL', error) };
    this.#keptHits += hits.length;
    this.#settled.set(path, settled);
    this.#handOut();
    if (this.#waiting?.path !== path) return;
    this.#waiting.resolve(settled);
    this.#waiting = undefined;
  }

  /** Nothing more is told but this. */
  fail(error: ClaudexError): void {
    this.#failure ??= error;
    this.#waiting?.resolve({ error: this.#failure });
    this.#waiting = undefined;
  }
}

/** The built file, also when we run from source: a thread does not inherit what makes Node read TypeScript. */
function workerFile(): string {
  return join(packageRoot(), 'dist', 'src', 'history', 'search-worker.cjs');
}
