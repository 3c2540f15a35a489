/** The server's end of a workspace's process: starts it, asks it, ends it, and cleans up behind it when it dies. */
import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, AnswerPart } from '../claude/stream/answer-reader.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { killTree } from '../process/tree.ts';
import type { PoolEvent } from '../warm/pool/pool-request.ts';
import { failedAnswer } from './api-error.ts';
import type { Question, WorkspaceOptions, WorkspaceReply, WorkspaceRequest } from './workspace-protocol.ts';

interface Pending {
  onPart: (part: AnswerPart) => void;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** The process keeps the time of each request itself; one that is this late does not keep anything any more. */
const graceMs = 5000;

/** `.ts` under tsx, `.cjs` when built. */
const program = fileURLToPath(new URL(`./workspace-process${extname(import.meta.url)}`, import.meta.url));

export class WorkspaceWorker {
  /** Resolves when the process and all below it are gone. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #pending = new Map<string, Pending>();
  /** The exit is told before or after the end of the channel. */
  #gone = false;
  /** It hangs and is being killed: whoever asks now needs another one. */
  #isKilled = false;

  /** @param env all that the process gets of our environment */
  constructor(options: WorkspaceOptions, env: NodeJS.ProcessEnv, onEvent: (event: PoolEvent) => void) {
    // a session of its own: a Ctrl-C in the terminal is for the server, which ends it in order
    this.#child = fork(program, [JSON.stringify(options)], { env, detached: true, stdio: 'inherit' });
    this.#child.on('message', (words: WorkspaceReply) => {
      if (words.type === 'event') onEvent(words.event);
      else this.#take(words);
    });
    this.ended = new Promise((resolve) => {
      const finish = (): void => {
        this.#gone = true;
        void this.#cleanUp().then(resolve);
      };
      this.#child.once('exit', finish);
      this.#child.once('error', finish); // it could not be started
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False when it cannot be asked any more. */
  get alive(): boolean {
    return this.#child.connected && !this.#gone && !this.#isKilled;
  }

  /**
   * Asks one thing. Aborting ends the turn and rejects with ABORTED. A process that has not answered five seconds after its time
   * is over, or after the abort, hangs: it is killed, and with it all that it was asked.
   * @throws ApiError what claude or its API refused; ClaudexError TIMEOUT, ABORTED, POOL_EXHAUSTED, SESSION_CRASHED, CLAUDE_ERROR
   */
  ask(question: Question, onPart: (part: AnswerPart) => void, signal: AbortSignal): Promise<Answer> {
    const { requestId, timeoutMs } = question;
    let timer: NodeJS.Timeout;
    return new Promise<Answer>((resolve, reject) => {
      const giveUp = (error: ClaudexError): void => {
        reject(error);
        this.#isKilled = true;
        this.#child.kill('SIGKILL');
      };
      this.#pending.set(requestId, { onPart, resolve, reject });
      this.#send({ type: 'ask', question });
      timer = setTimeout(giveUp, timeoutMs + graceMs, new ClaudexError('TIMEOUT', `It had ${timeoutMs} ms.`));
      const abort = (): void => {
        this.#send({ type: 'abort', requestId });
        clearTimeout(timer);
        timer = setTimeout(giveUp, graceMs, new ClaudexError('ABORTED'));
      };
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
    }).finally(() => {
      clearTimeout(timer);
      this.#pending.delete(requestId);
    });
  }

  /** Ends it and everything below it; what runs is aborted. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#send({ type: 'close' });
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.ended;
    clearTimeout(insist);
  }

  #send(words: WorkspaceRequest): void {
    // a process that has gone fails what it was asked by its exit
    if (this.#child.connected) this.#child.send(words, () => undefined);
  }

  #take(words: Exclude<WorkspaceReply, { type: 'event' }>): void {
    const pending = this.#pending.get(words.requestId);
    if (words.type === 'part') pending?.onPart(words.part);
    else if (words.type === 'answer') pending?.resolve(words.answer);
    else if (words.type === 'failed') pending?.reject(failedAnswer(words.result));
    else pending?.reject(new ClaudexError(words.code, words.facts));
  }

  async #cleanUp(): Promise<void> {
    const crash = new ClaudexError('SESSION_CRASHED', 'The process of the workspace has ended.');
    for (const { reject } of this.#pending.values()) reject(crash);
    // killed, it could not end its claudes; every one carries a mark that begins with its pid
    if (this.#child.pid !== undefined) await killTree(undefined, `${this.#child.pid}-`);
  }
}
