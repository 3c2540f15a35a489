/**
 * Runs the person's own program (setting `notify.command`) for what they may want to hear of elsewhere, with the event's JSON on its
 * standard input. Few at a time, not for long, not often; what fails is logged and keeps nothing else up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../home/log.ts';
import { userHome } from '../home/paths.ts';
import type { Clock } from '../process/clock.ts';

/** A program that takes longer is killed. */
const takesAtMostMs = 30_000;
const atOnce = 4;
const perMinute = 30;
/** That a task waits is said of one session at most this often. */
const quietMs = 10 * 60_000;
/** Of what a failing program says, that much goes into the log. */
const loggedChars = 300;

/** One thing that has happened, as the program gets it. `text` says it in one line. */
export interface NotifyEvent {
  event: 'question' | 'answered' | 'task-waits' | 'crashed';
  text: string;
  session: { id: string; name: string; cwd: string };
  [more: string]: unknown;
}

export interface NotifyCommandOptions {
  /** The setting; null for none. */
  command: string | null;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Log;
  /** A test's own patience. */
  takesAtMostMs?: number;
}

export class NotifyCommand {
  readonly #options: NotifyCommandOptions;
  readonly #words: string[] | undefined;
  readonly #running = new Set<ChildProcess>();
  #startedAtSteadyMs: number[] = [];
  readonly #waitsSaidAtSteadyMs = new Map<string, number>();

  constructor(options: NotifyCommandOptions) {
    this.#options = options;
    this.#words = options.command === null ? undefined : commandWords(options.command, userHome(options.env));
    if (options.command !== null && this.#words === undefined) options.log('notify.command is no command');
  }

  /** Tells the program, where there is one. */
  tell(event: NotifyEvent): void {
    if (!this.#words) return;
    const { clock, log } = this.#options;
    const now = clock.steady();
    if (event.event === 'task-waits' && !this.#isNews(event.session.id, now)) return;
    this.#startedAtSteadyMs = this.#startedAtSteadyMs.filter((at) => now - at < 60_000);
    if (this.#running.size >= atOnce || this.#startedAtSteadyMs.length >= perMinute) {
      log('notify dropped', { about: event.event, running: this.#running.size });
      return;
    }
    this.#startedAtSteadyMs.push(now);
    this.#run(this.#words, event);
  }

  /** Ends those that still run. */
  close(): void {
    for (const child of this.#running) kill(child);
  }

  #isNews(id: string, now: number): boolean {
    for (const [one, at] of this.#waitsSaidAtSteadyMs) if (now - at >= quietMs) this.#waitsSaidAtSteadyMs.delete(one);
    if (this.#waitsSaidAtSteadyMs.has(id)) return false;
    this.#waitsSaidAtSteadyMs.set(id, now);
    return true;
  }

  #run([program, ...args]: string[], event: NotifyEvent): void {
    const { env, clock, log } = this.#options;
    // a group of its own: what it has started ends with it
    const child = spawn(program!, args, { env, stdio: ['pipe', 'ignore', 'pipe'], detached: true, cwd: '/' });
    this.#running.add(child);
    const timer = setTimeout(() => kill(child), this.#options.takesAtMostMs ?? takesAtMostMs);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, loggedChars);
    });
    const ended = (fields: { code?: number | null; signal?: string | null; error?: string }): void => {
      clearTimeout(timer);
      this.#running.delete(child);
      if (fields.code !== 0) log('notify failed', { about: event.event, ...fields, said: said.trim() });
    };
    child.once('error', (error) => ended({ error: error.message }));
    // not `close`: a process that it has left behind may hold its standard error open
    child.once('exit', (code, signal) => ended({ code, signal }));
    child.stdin.on('error', () => undefined); // it does not read what it is told
    child.stdin.end(`${JSON.stringify({ ...event, at: new Date(clock.timeOfDay()).toISOString() })}\n`);
    child.unref();
  }
}

/** A program, or a JSON list of one and its arguments; no shell takes part. Undefined for a list of anything else. */
export function commandWords(command: string, home: string): string[] | undefined {
  const text = command.trim();
  if (text === '') return undefined;
  let words: unknown = [text];
  if (text.startsWith('[')) {
    try {
      words = JSON.parse(text);
    } catch {
      return undefined; // said by the caller
    }
  }
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === 'string')) return undefined;
  const [program, ...args] = words as string[];
  return program === '' ? undefined : [program!.replace(/^~(?=\/)/, home), ...args];
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: it has just ended
  }
}
