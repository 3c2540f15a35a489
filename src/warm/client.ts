/**
 * `import { createClient } from 'claudex'`: claude's answers without its start-up time. Each request is a conversation of its
 * own, on a process that was made fresh before.
 */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { findClaude } from '../claude/binary.ts';
import { type ResultLine, type StreamLine, textDelta, toolCalls } from '../claude/stream/stream-json.ts';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { readSettings } from '../settings/read.ts';
import {
  type CheckedClientOptions,
  type ClientOptions,
  checkClientOptions,
  checkRunOptions,
  claudeArguments,
  type RunOptions,
  type RunResult,
  type StreamEvent,
} from './options.ts';
import { type Counters, PoolCounters } from './pool/counters.ts';
import { WarmPool } from './pool/pool.ts';
import type { PoolEvent, PoolRequest, PoolState } from './pool/pool-request.ts';
import type { LaunchSpec } from './pool/stream-child.ts';

export { ClaudexError } from '../errors/claudex-error.ts';
export type { ClientOptions, RunOptions, RunResult, StreamEvent } from './options.ts';
export type { Counters } from './pool/counters.ts';
export type { PoolEvent, PoolState } from './pool/pool-request.ts';

/** Something that happens in the pool: spawn, reuse, reset, recycle, evict, timeout, crash. */
export type PoolListener = (event: PoolEvent) => void;

export interface ClaudexClient {
  /**
   * Asks one thing and waits for the answer.
   * @throws ClaudexError TIMEOUT, ABORTED, POOL_EXHAUSTED, SESSION_CRASHED, CLAUDE_ERROR, INVALID_OPTIONS
   */
  run(prompt: string, options?: RunOptions): Promise<RunResult>;
  /** The same, as it comes. Leaving the loop aborts the request. Only INVALID_OPTIONS is thrown; the rest are events. */
  runStream(prompt: string, options?: RunOptions): AsyncIterableIterator<StreamEvent>;
  /** Starts processes for requests with these options, as many as the pool holds or `count`; resolves when they serve. */
  prewarm(options?: RunOptions, count?: number): Promise<void>;
  /** Aborts what runs and ends every process; resolves when none is left. */
  close(): Promise<void>;
  on(event: PoolEvent['event'], listener: PoolListener): void;
  off(event: PoolEvent['event'], listener: PoolListener): void;
  /** Counts since the start, and the processes there are now. */
  stats(): { counters: Counters } & PoolState;
}

/** @throws ClaudexError INVALID_OPTIONS, CLAUDE_NOT_FOUND */
export function createClient(options: ClientOptions = {}): ClaudexClient {
  return new Client(checkClientOptions(options));
}

class Client implements ClaudexClient {
  readonly #options: CheckedClientOptions;
  readonly #file: string;
  readonly #pool: WarmPool;
  readonly #counters = new PoolCounters();
  readonly #listeners = new Map<PoolEvent['event'], Set<PoolListener>>();

  constructor(options: CheckedClientOptions) {
    this.#options = options;
    const { env } = process;
    const setting = readSettings(env).values['claude.path'] ?? undefined;
    const { claudeBinary } = options;
    // a bare name is looked for in PATH when it is started
    this.#file =
      claudeBinary === undefined || claudeBinary.includes(sep)
        ? findClaude({ env, setting, claudeBinary: claudeBinary && resolve(claudeBinary) })
        : claudeBinary;
    this.#pool = new WarmPool(options, (event) => {
      this.#counters.count(event);
      for (const listener of this.#listeners.get(event.event) ?? []) tell(listener, event);
    });
  }

  async run(prompt: string, options: RunOptions = {}): Promise<RunResult> {
    checkRunOptions(prompt, options);
    return await this.#run(prompt, options);
  }

  runStream(prompt: string, options: RunOptions = {}): AsyncIterableIterator<StreamEvent> {
    checkRunOptions(prompt, options);
    return this.#stream(prompt, options);
  }

  async prewarm(options: RunOptions = {}, count = this.#options.poolSize): Promise<void> {
    checkRunOptions('prewarm', options);
    if (this.#options.mode === 'print') return;
    await this.#pool.prewarm(this.#spec(options), count);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  on(event: PoolEvent['event'], listener: PoolListener): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: PoolEvent['event'], listener: PoolListener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  stats(): { counters: Counters } & PoolState {
    return { counters: this.#counters.read(), ...this.#pool.state };
  }

  async #run(prompt: string, options: RunOptions, onLine?: (line: StreamLine) => void): Promise<RunResult> {
    const { requestId = randomUUID(), timeoutMs = this.#options.defaultTimeoutMs, signal } = options;
    const startedAt = performance.now();
    const request: PoolRequest = { requestId, spec: this.#spec(options), prompt, timeoutMs };
    if (signal) request.signal = signal;
    if (onLine) request.onLine = onLine;
    if (this.#options.mode === 'print') request.cold = true;
    const result = await this.#pool.run(request);
    return toRunResult(result, requestId, Math.round(performance.now() - startedAt));
  }

  async *#stream(prompt: string, options: RunOptions): AsyncGenerator<StreamEvent, undefined> {
    const events: StreamEvent[] = [];
    let wake = (): void => undefined;
    const say = (...said: StreamEvent[]): void => {
      events.push(...said);
      wake();
    };
    const left = new AbortController();
    const signals = options.signal ? [options.signal, left.signal] : [left.signal];
    void this.#run(prompt, { ...options, signal: AbortSignal.any(signals) }, (line) => {
      const text = textDelta(line);
      if (text !== undefined) say({ type: 'token', text });
      say(...toolCalls(line).map((call): StreamEvent => ({ type: 'tool', ...call })));
    }).then(
      (result) => say({ type: 'done', result }),
      (error: unknown) => say({ type: 'error', error: toClaudexError(error) }),
    );
    try {
      for (;;) {
        while (events.length > 0) {
          const event = events.shift()!;
          yield event;
          if (event.type === 'done' || event.type === 'error') return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      left.abort();
    }
  }

  #spec(options: RunOptions): LaunchSpec {
    const cwd = resolve(options.cwd ?? '.');
    if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
      throw new ClaudexError('INVALID_OPTIONS', `cwd must be a folder; ${cwd} is none.`);
    }
    return {
      file: this.#file,
      // tokens are to come as they arrive, and a process serves `run` and `runStream` alike
      args: ['--include-partial-messages', ...claudeArguments(options)],
      cwd,
      env: { ...process.env, ...options.env },
    };
  }
}

/** A listener that throws fails the program, as anywhere; it does not cost the pool a process. */
function tell(listener: PoolListener, event: PoolEvent): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** @throws ClaudexError CLAUDE_ERROR; `cause` is the whole result */
function toRunResult(result: ResultLine, requestId: string, durationMs: number): RunResult {
  if (result.is_error || result.subtype !== 'success') {
    const said = result.result ?? result.errors?.join(' ') ?? '';
    throw new ClaudexError(
      'CLAUDE_ERROR',
      [result.subtype === 'success' ? '' : `${result.subtype}:`, said].join(' ').trim(),
      {
        cause: result,
      },
    );
  }
  return {
    requestId,
    text: result.result ?? '',
    usage: result.usage ?? {},
    costUsd: result.total_cost_usd ?? 0,
    durationMs,
    sessionId: result.session_id,
    turns: result.num_turns ?? 0,
    ...(result.structured_output !== undefined && { structuredOutput: result.structured_output }),
  };
}
