/** One workspace as the server holds it: its limits, its process (while somebody uses it), what it counts. */
import { randomUUID } from 'node:crypto';
import type { Answer, AnswerPart } from '../claude/stream/answer-reader.ts';
import type { Log } from '../home/log.ts';
import type { PoolEvent } from '../warm/pool/pool-request.ts';
import { busy, toApiError } from './api-error.ts';
import type { MessageRequest } from './message-request.ts';
import { type Metrics, poolEvents } from './metrics.ts';
import { commonEnvironment, workspaceLaunch } from './workspace-launch.ts';
import { WorkspaceWorker } from './workspace-worker.ts';
import type { Workspace } from './workspaces.ts';

/** The same for every workspace; each has them for itself. */
export interface WorkspaceLimits {
  /** Requests that run at once, and claude processes at most. */
  concurrency: number;
  /** Requests that may wait beside them. */
  queue: number;
  /** Milliseconds that one request has, waiting included. */
  timeoutMs: number;
  /** Milliseconds after which unused processes go. */
  idleMs: number;
}

/** What a workspace needs of the server. */
export interface Surroundings {
  claudeFile: string;
  env: NodeJS.ProcessEnv;
  limits: WorkspaceLimits;
  metrics: Metrics;
  log: Log;
}

export class ServedWorkspace {
  readonly workspace: Workspace;
  readonly #around: Surroundings;
  #worker: WorkspaceWorker | undefined;
  readonly #closing = new Set<Promise<void>>();
  /** Pids. */
  readonly #claudes = new Set<number>();
  #inFlight = 0;
  #closed = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(workspace: Workspace, around: Surroundings) {
    this.workspace = workspace;
    this.#around = around;
    const { metrics } = around;
    const { labels } = this;
    metrics.set('claudex_serve_requests_in_flight', labels, 0);
    metrics.set('claudex_serve_claude_processes', labels, 0);
    for (const event of poolEvents) metrics.add('claudex_serve_claude_events_total', { ...labels, event }, 0);
  }

  get labels(): { workspace: string } {
    return { workspace: this.workspace.name };
  }

  /**
   * Runs a request, or refuses it at once when as many run and wait as may.
   * @throws ApiError
   */
  async ask(
    request: MessageRequest & { cwd: string },
    onPart: (part: AnswerPart) => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { limits, metrics, claudeFile, env } = this.#around;
    if (this.#closed) throw busy(503, 'The server is ending.');
    if (this.#inFlight >= limits.concurrency + limits.queue) {
      throw busy(429, `${limits.concurrency} requests run in this workspace and ${limits.queue} wait; no more may.`);
    }
    metrics.set('claudex_serve_requests_in_flight', this.labels, ++this.#inFlight);
    clearTimeout(this.#idleTimer);
    const startedAt = performance.now();
    try {
      const launch = workspaceLaunch(claudeFile, this.workspace, request, env);
      const question = { requestId: randomUUID(), launch, prompt: request.prompt, timeoutMs: limits.timeoutMs };
      const answer = await this.#started().ask(question, onPart, signal);
      this.#count(answer);
      return answer;
    } catch (error) {
      throw toApiError(error);
    } finally {
      metrics.add('claudex_serve_request_seconds_sum', this.labels, (performance.now() - startedAt) / 1000);
      metrics.add('claudex_serve_request_seconds_count', this.labels);
      metrics.set('claudex_serve_requests_in_flight', this.labels, --this.#inFlight);
      this.#rest();
    }
  }

  /** Ends every process of the workspace; resolves when none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    this.#retire();
    await Promise.all(this.#closing);
  }

  #started(): WorkspaceWorker {
    if (this.#worker?.alive) return this.#worker;
    const { limits, env, log } = this.#around;
    const options = {
      poolSize: limits.concurrency,
      maxIdleMs: limits.idleMs,
      // an answered request has left, while its process is still being made fresh
      maxWaiting: limits.concurrency + limits.queue,
      acquireTimeoutMs: limits.timeoutMs,
    };
    const worker = new WorkspaceWorker(options, commonEnvironment(env), (event) => this.#took(event));
    this.#worker = worker;
    log('workspace-started', { ...this.labels, pid: worker.pid });
    const ended = worker.ended.then(() => {
      log('workspace-ended', { ...this.labels, pid: worker.pid });
      this.#closing.delete(ended);
      if (this.#worker && this.#worker !== worker) return;
      this.#worker = undefined;
      this.#claudes.clear();
      this.#around.metrics.set('claudex_serve_claude_processes', this.labels, 0);
    });
    // what it leaves behind when it dies is waited for as well
    this.#closing.add(ended);
    return worker;
  }

  /** Nobody asks any more: the process goes after a while, its claudes have gone before. */
  #rest(): void {
    if (this.#inFlight > 0) return;
    this.#idleTimer = setTimeout(() => this.#retire(), this.#around.limits.idleMs + 1000);
    this.#idleTimer.unref();
  }

  #retire(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.close();
  }

  #took(event: PoolEvent): void {
    const { metrics, log } = this.#around;
    metrics.add('claudex_serve_claude_events_total', { ...this.labels, event: event.event });
    if (event.event === 'spawn') this.#claudes.add(event.pid);
    // a crash in the middle of a request is followed by `recycle`
    else if (['evict', 'recycle', 'crash'].includes(event.event)) this.#claudes.delete(event.pid);
    metrics.set('claudex_serve_claude_processes', this.labels, this.#claudes.size);
    const { event: name, ...fields } = event;
    log(name, { ...this.labels, ...fields });
  }

  #count({ usage, costUsd }: Answer): void {
    const { metrics } = this.#around;
    const tokens = { input: 'input_tokens', output: 'output_tokens', cache_read: 'cache_read_input_tokens' };
    for (const [kind, field] of Object.entries({ ...tokens, cache_creation: 'cache_creation_input_tokens' })) {
      metrics.add('claudex_serve_tokens_total', { ...this.labels, kind }, Number(usage[field]));
    }
    metrics.add('claudex_serve_cost_usd_total', this.labels, costUsd);
  }
}
