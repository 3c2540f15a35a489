/**
 * One `claude -p` that stays: it takes one request at a time and is made fresh after each. Owns the child and everything
 * the child has started. Does not decide who gets it: that is the pool's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { missingAgent } from '../../claude/command-line/named-agent.ts';
import {
  isForeignToReset,
  isUndoneByReset,
  processTraits,
  type RunningTotals,
  resetPrompt,
  runningTotals,
  withoutTotals,
} from '../../claude/stream/fresh-start.ts';
import {
  belongsToTurn,
  isResult,
  type ResultLine,
  type StreamLine,
  toolCalls,
} from '../../claude/stream/stream-json.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { steadyNow } from '../../process/clock.ts';
import { kill, killTree, processesBelow } from '../../process/tree.ts';
import { crash, type LaunchSpec, type ProcessEnd, StreamChild, startFailure, within } from './stream-child.ts';
import type { Turn, TurnEars } from './turn.ts';

/** Why a process is not used again. */
export type Spent = 'crashed' | 'not-interruptible' | 'unresettable-tool' | 'children' | 'unsolicited' | 'reset-failed';

const interruptGraceMs = 2000;
const interruptEveryMs = 150;
const resetTimeoutMs = 5000;
const endGraceMs = 1500;
const settleMs = 300;
const lookEveryMs = 20;

export class WarmProcess {
  readonly #child: StreamChild;
  readonly #args: readonly string[];
  readonly #onStray: () => void;
  #turn: Turn | undefined;
  #spent: Spent | undefined;
  #usedTools = false;
  #sessionId = '';
  #init: StreamLine | undefined;
  #traits: string | undefined;
  #saidAtStart = '';
  #totals: RunningTotals = { costUsd: 0, apiMs: 0, modelUsage: {}, resultIndex: undefined };
  /** What ran below claude before anybody asked anything: MCP servers. */
  #own: ReadonlySet<number> = new Set();

  /** @param onStray it has spoken while nobody had asked, and must not be used again */
  constructor(spec: LaunchSpec, onStray: () => void) {
    this.#onStray = onStray;
    this.#args = spec.args;
    this.#child = new StreamChild(
      spec,
      (line) => this.#take(line),
      (text) => this.#turn?.onStderr(text),
    );
    void this.#child.ended.then((end) => this.#turn?.finish(end));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the child has ended, for whatever reason. */
  get ended(): Promise<ProcessEnd> {
    return this.#child.ended;
  }

  /** Why it must not be used again; undefined while it may. */
  get spent(): Spent | undefined {
    return this.#child.end ? 'crashed' : this.#spent;
  }

  /**
   * Waits until claude serves: a first reset, which also shows that resets work here, and MCP servers that are up.
   * @throws ClaudexError CLAUDE_ERROR when claude refuses its arguments (`cause` is the ProcessEnd), SESSION_CRASHED, TIMEOUT
   */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = steadyNow() + timeoutMs;
    const failure = await this.#reset(timeoutMs);
    if (failure === 'crashed') throw startFailure(await this.ended);
    if (failure) throw new ClaudexError('TIMEOUT', `Claude was not ready within ${timeoutMs} ms.`);
    const missing = missingAgent(this.#args, this.#init);
    if (missing) throw startFailure({ code: 1, signal: null, stderr: missing });
    while ((await this.#hasPendingServers(deadline)) && steadyNow() < deadline) await pause(50);
    this.#own = new Set(await this.#below());
  }

  /**
   * Asks one thing. Rejects at once when `signal` aborts (with its reason); the turn is then ended by `recycle`.
   * @throws ClaudexError SESSION_CRASHED, or CLAUDE_ERROR when claude refused to start (`cause` is the ProcessEnd)
   */
  turn(prompt: string, options: TurnEars & { signal?: AbortSignal }): Promise<ResultLine> {
    const { onLine = () => undefined, onStderr = () => undefined, signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let abandoned = false;
      const abandon = (): void => {
        abandoned = true;
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abandon, { once: true });
      if (this.#saidAtStart !== '') onStderr(this.#saidAtStart);
      const hear = (line: StreamLine): void => {
        for (const call of toolCalls(line)) {
          this.#usedTools = true;
          if (!isUndoneByReset(call)) this.#spent ??= 'unresettable-tool';
        }
        if (!abandoned) onLine(line);
      };
      this.#start(prompt, hear, onStderr, (outcome) => {
        signal?.removeEventListener('abort', abandon);
        if ('type' in outcome) resolve(withoutTotals(outcome, this.#totals));
        else reject(this.#sessionId === '' ? startFailure(outcome) : crash(outcome));
      });
    });
  }

  /** Ends an abandoned turn and makes the process fresh. @returns undefined, or why it must not be used again */
  async recycle(): Promise<Spent | undefined> {
    if (this.#turn && !(await this.#interrupt())) return this.spent ?? 'not-interruptible';
    if (this.spent) return this.spent;
    // without a tool there is nothing that could have started anything
    if (this.#usedTools && (await this.#leftBehind()).length > 0) return 'children';
    this.#usedTools = false;
    return (await this.#reset(resetTimeoutMs)) ?? this.spent;
  }

  /** Ends claude and everything it started; resolves when all are gone. Asks first, unless it is in the middle of a turn. */
  async terminate(): Promise<void> {
    const pid = this.#child.pid;
    if (pid === undefined) return;
    this.#child.hold(true);
    if (!this.#turn && !this.#child.end) {
      for (const child of await this.#leftBehind()) kill(child);
      this.#child.closeInput();
      await within(endGraceMs, this.ended);
    }
    await killTree(this.#child.end ? undefined : pid, this.#child.mark);
    await this.ended;
  }

  #start(prompt: string, onLine: Turn['onLine'], onStderr: Turn['onStderr'], finish: Turn['finish']): void {
    if (this.#child.end) {
      finish(this.#child.end);
      return;
    }
    this.#child.hold(true);
    let markOver: () => void;
    const over = new Promise<void>((resolve) => {
      markOver = resolve;
    });
    this.#turn = {
      onLine,
      onStderr,
      over,
      finish: (outcome) => {
        this.#turn = undefined;
        this.#child.hold(false);
        finish(outcome);
        if ('type' in outcome) this.#sessionId = outcome.session_id;
        markOver();
      },
    };
    this.#child.prompt(prompt);
  }

  /** `/clear`, believed only when claude names a new session and is otherwise what it was. */
  async #reset(timeoutMs: number): Promise<Spent | undefined> {
    const before = this.#sessionId;
    const isFirst = before === '';
    this.#init = undefined;
    const onLine = (line: StreamLine): void => {
      if (line.type === 'system' && line.subtype === 'init') this.#init = line;
      if (isForeignToReset(line)) this.#spent ??= 'unsolicited';
    };
    const onStderr = (text: string): void => {
      if (isFirst) this.#saidAtStart += text;
    };
    const outcome = await within(
      timeoutMs,
      new Promise<ResultLine | ProcessEnd>((finish) => this.#start(resetPrompt, onLine, onStderr, finish)),
    );
    if (this.#child.end) return 'crashed';
    if (!outcome || !('type' in outcome) || outcome.is_error || outcome.session_id === before) return 'reset-failed';
    const traits = this.#init ? processTraits(this.#init) : '';
    this.#traits ??= traits;
    if (traits !== this.#traits) return 'reset-failed';
    this.#totals = runningTotals(outcome);
    return undefined;
  }

  /** True when the running turn has ended. An interrupt that comes before the turn has begun does nothing: so, again. */
  async #interrupt(): Promise<boolean> {
    const answers: Promise<unknown>[] = [];
    for (let waitedMs = 0; this.#turn && waitedMs < interruptGraceMs; waitedMs += interruptEveryMs) {
      answers.push(this.#child.control('interrupt', interruptGraceMs));
      await within(interruptEveryMs, this.#turn.over);
    }
    // none of them may be left to hit the next turn
    return !this.#turn && (await Promise.all(answers)).every((answer) => answer !== undefined);
  }

  async #hasPendingServers(deadline: number): Promise<boolean> {
    const answer = await this.#child.control('mcp_status', deadline - steadyNow());
    const { response } = (answer?.response ?? {}) as { response?: { mcpServers?: Array<{ status?: string }> } };
    return response?.mcpServers?.some(({ status }) => status === 'pending') ?? false;
  }

  async #below(): Promise<number[]> {
    const { pid, mark } = this.#child;
    return pid === undefined ? [] : await processesBelow(pid, mark);
  }

  /** What runs below claude and did not before the first request; what is just ending is given a moment. */
  async #leftBehind(): Promise<number[]> {
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const left = (await this.#below()).filter((pid) => !this.#own.has(pid));
      if (left.length === 0 || waitedMs >= settleMs) return left;
      await pause(lookEveryMs);
    }
  }

  #take(line: StreamLine): void {
    const turn = this.#turn;
    if (!turn) {
      if (!belongsToTurn(line)) return;
      this.#spent ??= 'unsolicited';
      this.#onStray();
    } else if (isResult(line)) turn.finish(line);
    else turn.onLine(line);
  }
}
