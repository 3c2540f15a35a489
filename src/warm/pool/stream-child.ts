/**
 * A claude that speaks stream-json on its stdio: the child itself, its lines, the requests beside the conversation, how it
 * ended. Knows nothing of turns being fresh.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { environmentForClaude } from '../../claude/environment.ts';
import {
  answeredRequest,
  controlLine,
  parseStreamLine,
  refusalLine,
  type StreamLine,
  streamArguments,
  userLine,
} from '../../claude/stream/stream-json.ts';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { warmVariable } from '../../process/tree.ts';

/** Everything that is fixed when claude starts. */
export interface LaunchSpec {
  file: string;
  /** Without those of the stream-json mode itself. */
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** How a process ended, with the last it wrote to stderr. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

const maxStderrChars = 4000;

export class StreamChild {
  /** In the environment of all that claude starts. */
  readonly mark = `${process.pid}-${randomUUID()}`;
  /** Resolves when the child has ended, for whatever reason. */
  readonly ended: Promise<ProcessEnd>;
  /** How it ended; undefined while it runs. */
  end: ProcessEnd | undefined;
  readonly #child: ChildProcess;
  readonly #onLine: (line: StreamLine) => void;
  readonly #answers = new Map<string, (response: StreamLine) => void>();
  #stderr = '';
  #rest = '';

  /**
   * @param onLine every line but the answers to `control`
   * @param onStderr what it writes there, as it comes
   * @throws ClaudexError INVALID_OPTIONS for what no process can be given
   */
  constructor(spec: LaunchSpec, onLine: (line: StreamLine) => void, onStderr?: (text: string) => void) {
    this.#onLine = onLine;
    this.#child = start(spec, this.mark);
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => undefined); // its end comes as exit
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-maxStderrChars);
      onStderr?.(text);
    });
    this.ended = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.end ??= { code, signal, stderr: this.#stderr.trim() };
        resolve(this.end);
      };
      this.#child.once('error', (error) => {
        this.#stderr = error.message;
        finish(null, null);
      });
      this.#child.once('close', finish);
      // a child of claude's may hold the pipes open: what claude itself wrote is here soon
      this.#child.once('exit', (code, signal) => setTimeout(() => finish(code, signal), 50));
    });
    this.hold(false);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  prompt(text: string): void {
    this.#child.stdin?.write(userLine(text));
  }

  /** Claude ends by itself after this, once it has nothing to do. */
  closeInput(): void {
    this.#child.stdin?.end();
  }

  /** A request beside the conversation. @returns claude's answer; undefined when none came in time */
  control(subtype: string, timeoutMs: number): Promise<StreamLine | undefined> {
    const id = randomUUID();
    const answer = new Promise<StreamLine>((resolve) => this.#answers.set(id, resolve));
    this.#child.stdin?.write(controlLine(id, { subtype }));
    const answerOrEnd = Promise.race([answer, this.ended.then(() => undefined)]);
    return within(timeoutMs, answerOrEnd).finally(() => this.#answers.delete(id));
  }

  /** While idle (`false`), it does not keep the program that holds it from ending. */
  hold(busy: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, stdin as Socket | null, stdout as Socket | null, stderr as Socket | null]) {
      if (busy) one?.ref();
      else one?.unref();
    }
  }

  #read(text: string): void {
    if (!text.includes('\n')) {
      this.#rest += text; // a long line is put together once, not for each of its pieces
      return;
    }
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const one of lines) {
      const line = parseStreamLine(one);
      if (line) this.#take(line);
    }
  }

  #take(line: StreamLine): void {
    const answered = answeredRequest(line);
    if (answered !== undefined) this.#answers.get(answered)?.(line);
    else if (line.type === 'control_request') this.#child.stdin?.write(refusalLine(line.request_id));
    else this.#onLine(line);
  }
}

function start(spec: LaunchSpec, mark: string): ChildProcess {
  try {
    return spawn(spec.file, [...streamArguments, ...spec.args], {
      cwd: spec.cwd,
      env: { ...environmentForClaude(spec.env), [warmVariable]: mark },
      // a group of its own: a Ctrl-C in the terminal is for whoever started us
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // an argument longer than 128 KiB (Linux), a NUL character in one
    if (!['E2BIG', 'ERR_INVALID_ARG_VALUE'].includes(systemErrorCode(error) ?? '')) throw error;
    throw new ClaudexError('INVALID_OPTIONS', 'A value is too long for a command line, or has a NUL character in it.', {
      cause: error,
    });
  }
}

/** The promise's value, or undefined when it takes longer. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, timeoutMs));
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The error for a claude that ended before it served: its own words, when it has refused its arguments. */
export function startFailure(end: ProcessEnd): ClaudexError {
  if (end.code === null || end.code === 0) return crash(end);
  return new ClaudexError('CLAUDE_ERROR', end.stderr || `It ended with exit code ${end.code}.`, { cause: end });
}

/** The error for a claude that ended while it served. */
export function crash(end: ProcessEnd): ClaudexError {
  const how = end.signal ? `ended by ${end.signal}` : `ended with exit code ${end.code}`;
  const started = end.code !== null || end.signal !== null;
  return new ClaudexError(
    'SESSION_CRASHED',
    `It ${started ? how : 'could not be started'}.${end.stderr && ` It said: ${end.stderr}`}`,
    {
      cause: end,
    },
  );
}
