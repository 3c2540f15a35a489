/**
 * The worker: a background process that keeps claude warm for `claudex prompt`. Not the registry daemon: what happens here
 * does not touch sessions or messages. Starts when first asked, goes when nobody asks any more.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { listen } from '../../background/listen.ts';
import { lastLockOwner, releaseLock, takeLock } from '../../background/lock.ts';
import { reportFailure, reportReady } from '../../background/ready-report.ts';
import { parsePrintArguments } from '../../claude/command-line/print-arguments.ts';
import { toClaudexError } from '../../errors/claudex-error.ts';
import { type Log, openLog } from '../../home/log.ts';
import { isAtLeast, packageVersion } from '../../home/package.ts';
import { type ClaudexPaths, claudexPaths } from '../../home/paths.ts';
import { asHomeError, ensurePrivateDir } from '../../home/private-folder.ts';
import { steadyNow } from '../../process/clock.ts';
import { isAlive } from '../../process/identity.ts';
import { killTree } from '../../process/tree.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { readSettings } from '../../settings/read.ts';
import { checkClientOptions } from '../options.ts';
import { PoolCounters } from '../pool/counters.ts';
import { WarmPool } from '../pool/pool.ts';
import { answerPrompt, launchOf } from './prompt-request.ts';
import type { WorkerReply, WorkerRequest } from './worker-protocol.ts';

/** claude itself takes no more than 10 MB from standard input, of which JSON may make six times as much; the environment on top. */
const maxAskChars = 64 * 1024 * 1024;
const acquireTimeoutMs = 10 * 60_000;
const lastWordsMs = 2000;

/** Runs until it is idle for long, drained or told to end. Tells its starter when it listens. */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const paths = claudexPaths(env);
  try {
    for (const dir of [paths.home, paths.warm, dirname(paths.warmSocket)]) ensurePrivateDir(dir);
    const before = lastLockOwner(paths.warmLock)?.pid;
    if (!takeLock(paths.warmLock, packageVersion())) return reportReady(env);
    const log = openLog(paths.warmLog);
    const worker = new Worker(paths, env, log);
    await worker.listen();
    reportReady(env);
    log('started', { pid: process.pid, version: packageVersion() });
    // it was killed: a claude in the middle of a turn goes on without it
    if (before !== undefined && !isAlive(before)) void killTree(undefined, `${before}-`);
    // each time: by default the second one would end it before its processes
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void worker.stop(signal));
  } catch (thrown) {
    const error = asHomeError(thrown, paths.home);
    releaseLock(paths.warmLock);
    reportFailure(env, error);
    throw error;
  }
}

class Worker {
  readonly #paths: ClaudexPaths;
  readonly #log: Log;
  readonly #pool: WarmPool;
  readonly #counters = new PoolCounters();
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #startedAtSteadyMs = steadyNow();
  readonly #idleMs: number;
  #requests = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(paths: ClaudexPaths, env: NodeJS.ProcessEnv, log: Log) {
    const settings = readSettings(env).values;
    this.#paths = paths;
    this.#log = log;
    this.#idleMs = settings['warm.idleMs'];
    const options = checkClientOptions({
      poolSize: settings['warm.poolSize'],
      maxIdleMs: this.#idleMs,
      acquireTimeoutMs,
    });
    this.#pool = new WarmPool(options, ({ event, ...fields }) => {
      this.#counters.count({ event, ...fields } as Parameters<PoolCounters['count']>[0]);
      log(event, fields);
    });
  }

  async listen(): Promise<void> {
    await listen(this.#server, this.#paths.warmSocket);
    this.#restAfterRequest();
  }

  /**
   * No new requests; what runs is ended, or may end by itself (`drain`) until somebody says otherwise. The process goes when all
   * is gone.
   */
  stop(reason: string, drain = false): Promise<void> {
    this.#stopping ??= (async () => {
      this.#log('stopping', { reason });
      clearTimeout(this.#idleTimer);
      const served = new Promise((resolve) => this.#server.close(resolve));
      rmSync(this.#paths.warmSocket, { force: true });
      releaseLock(this.#paths.warmLock);
      await this.#pool.drain();
      this.#log('stopped', this.#counters.read());
      // who still reads an answer is given a moment; whoever waits for this one is among them
      const timer = new Promise((resolve) => setTimeout(resolve, lastWordsMs));
      void Promise.race([served, timer]).then(() => process.exit(0));
    })();
    if (!drain) void this.#pool.close();
    return this.#stopping;
  }

  #serve(socket: Socket): void {
    const gone = new AbortController();
    let text = '';
    const say = (what: WorkerReply): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(what)}\n`);
    };
    socket.setEncoding('utf8');
    socket.on('error', () => undefined); // its end comes as close
    socket.on('close', () => gone.abort());
    const onData = (chunk: string): void => {
      text += chunk;
      if (text.length > maxAskChars) return void socket.destroy();
      if (!chunk.endsWith('\n')) return; // looked for in all of it, it would be copied for each piece
      socket.off('data', onData).resume();
      void this.#answer(text, say, gone.signal).finally(() => socket.end());
    };
    socket.on('data', onData);
  }

  async #answer(text: string, say: (what: WorkerReply) => void, gone: AbortSignal): Promise<void> {
    let ask: WorkerRequest;
    try {
      ask = JSON.parse(text) as WorkerRequest;
    } catch {
      return; // not one of ours
    }
    if (ask.type === 'status') return say({ status: this.#status() });
    if (ask.type === 'drain') {
      await this.stop('drained', true);
      return say({ exit: 0 });
    }
    // an older command is served: two versions that are both in use would otherwise replace each other's worker in turn
    if (!isAtLeast(packageVersion(), ask.version) || this.#stopping) {
      say({ replaced: true });
      return void this.stop('replaced', true);
    }
    say({ begun: true });
    this.#requests++;
    clearTimeout(this.#idleTimer);
    try {
      if (ask.type === 'prompt') await answerPrompt(ask, this.#pool, say, gone);
      else await this.#prewarm(ask, say);
    } finally {
      this.#requests--;
      this.#restAfterRequest();
    }
  }

  async #prewarm(ask: Extract<WorkerRequest, { type: 'prewarm' }>, say: (what: WorkerReply) => void): Promise<void> {
    const { args, cold } = parsePrintArguments(ask.words);
    if (cold !== undefined) return say({ cold });
    try {
      await this.#pool.prewarm(launchOf(ask, args), ask.count);
      say({ exit: 0 });
    } catch (error) {
      const known = toClaudexError(error);
      say({ err: `claudex: ${oneLine(known.message)}\nFix: ${known.fix}\n` });
      say({ exit: known.exitCode });
    }
  }

  #status(): Extract<WorkerReply, { status: unknown }>['status'] {
    const { processes, waiting } = this.#pool.state;
    return {
      pid: process.pid,
      version: packageVersion(),
      uptimeMs: Math.round(steadyNow() - this.#startedAtSteadyMs),
      requests: this.#requests,
      waiting,
      processes,
      counters: this.#counters.read(),
    };
  }

  #restAfterRequest(): void {
    if (this.#requests > 0 || this.#stopping) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => void this.stop('idle'), this.#idleMs);
  }
}
