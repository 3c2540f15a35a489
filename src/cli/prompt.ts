/**
 * `claudex prompt …`: what `claude -p …` would say, from a process that is warm. Short on purpose, and loads nothing that the
 * usual way does not need: its start is most of what a user waits for.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { packageVersion } from '../home/package.ts';
import { claudexPaths } from '../home/paths.ts';
import { steadyNow } from '../process/clock.ts';
import { askWorker } from '../warm/worker/ask-worker.ts';
import type { WorkerReply, WorkerRequest } from '../warm/worker/worker-protocol.ts';

/** As long as claude itself waits for the first byte of a pipe (2.1.197 and 2.1.330). */
const stdinPatienceMs = 3000;
/** claude takes no more from a pipe; it says so itself. */
const maxStdinBytes = 10 * 1000 * 1000;
const workerPatienceMs = 5000;
/** The worker says at once that it has begun; a long standard input and a busy machine take their time. */
const firstWordPatienceMs = 30_000;

/** Runs claude itself, with these words, and ends as it does; `input` takes the place of standard input. */
export type RunClaude = (words: readonly string[], input?: string) => Promise<void>;

/** Runs one prompt and sets the exit code. `words` are those after `prompt`; `runClaude` is for what no warm process can answer. */
export async function runPrompt(words: readonly string[], runClaude: RunClaude): Promise<void> {
  /** `stdin`: what was read of it already; null when nothing was. */
  const runCold = (asked: readonly string[], stdin: string | null): Promise<void> =>
    runClaude(['-p', ...asked], stdin ?? undefined);
  const cold = words.indexOf('--cold');
  const end = words.indexOf('--');
  if (cold !== -1 && (end === -1 || cold < end)) {
    return await runCold([...words.slice(0, cold), ...words.slice(cold + 1)], null);
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `claudex prompt | head -1`: the reader has had enough; `claude -p` does its work all the same
      if (error.code !== 'EPIPE') process.exit(1);
    });
  }
  try {
    const stdin = await readStdin();
    if (stdin !== null && stdin.length > maxStdinBytes) return await runCold(words, stdin);
    const { env } = process;
    const reason = await ask({
      type: 'prompt',
      version: packageVersion(),
      words: [...words],
      cwd: process.cwd(),
      env,
      stdin,
    });
    if (reason === undefined) return;
    await refuseUnlessCold(reason);
    await runCold(words, stdin);
  } catch (error) {
    const [{ toClaudexError }, { printError }] = await Promise.all([
      import('../errors/claudex-error.ts'),
      import('./text/print-error.ts'),
    ]);
    const known = toClaudexError(error);
    printError(known);
    process.exitCode = known.exitCode;
  }
}

/** @returns why claude itself is to be asked, where the worker does not answer such a prompt */
async function ask(question: WorkerRequest & { type: 'prompt' }): Promise<string | undefined> {
  const last = await askWarm(question, (say) => {
    if ('out' in say) process.stdout.write(say.out);
    else if ('err' in say) process.stderr.write(say.err);
  });
  if (last && 'exit' in last) process.exitCode = last.exit;
  return last && 'cold' in last ? last.cold : undefined;
}

/**
 * Asks the worker, started if there is none or it is of another version.
 * @returns its last word
 * @throws ClaudexError WORKER_START_FAILED, WORKER_SILENT, SESSION_CRASHED
 */
export async function askWarm(
  question: WorkerRequest,
  onSay: (say: WorkerReply) => void = () => undefined,
): Promise<WorkerReply | undefined> {
  const { warmSocket } = claudexPaths(process.env);
  let deadline = steadyNow() + workerPatienceMs;
  for (let started = false; ; ) {
    let last: WorkerReply | undefined;
    const take = (say: WorkerReply): void => {
      last = say;
      onSay(say);
    };
    const asked = await askWorker(warmSocket, question, take, firstWordPatienceMs);
    if (asked === 'answered' && last && !('replaced' in last)) return last;
    if (asked === 'silent') {
      const { ClaudexError } = await import('../errors/claudex-error.ts');
      throw new ClaudexError('WORKER_SILENT', `It said nothing for ${firstWordPatienceMs / 1000} s.`);
    }
    if (asked === 'broken-off') {
      // claude may have changed files: whether to ask again is for whoever asked
      const { ClaudexError } = await import('../errors/claudex-error.ts');
      throw new ClaudexError('SESSION_CRASHED', 'The worker that held it has ended.');
    }
    // it may have waited for long before it was sent on
    if (last && 'replaced' in last) deadline = steadyNow() + workerPatienceMs;
    if (!started) {
      const { startWorker } = await import('../warm/worker/ensure-worker.ts');
      await startWorker(process.env);
      started = true;
    } else if (steadyNow() > deadline) {
      const { ClaudexError } = await import('../errors/claudex-error.ts');
      throw new ClaudexError('WORKER_START_FAILED', `Nothing listens on ${warmSocket}.`);
    } else {
      // another shell's worker has won and is about to listen, or the old one is about to go
      await new Promise((resolve) => setTimeout(resolve, 20));
      started = false;
    }
  }
}

/** @throws ClaudexError NOT_WARM where the settings say so */
async function refuseUnlessCold(reason: string): Promise<void> {
  const { readSettings } = await import('../settings/read.ts');
  if (readSettings(process.env).values['warm.coldFallback']) return;
  const { ClaudexError } = await import('../errors/claudex-error.ts');
  throw new ClaudexError('NOT_WARM', `It was asked for ${reason}.`);
}

/** All of standard input; null for a terminal. A pipe that stays silent is given up as claude does it, with its warning. */
async function readStdin(): Promise<string | null> {
  if (isatty(0)) return null;
  try {
    const stat = fstatSync(0);
    if (!stat.isFIFO() && !stat.isSocket()) return readFileSync(0, 'utf8');
  } catch {
    return null; // closed by whoever started us
  }
  return await new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => {
      process.stderr.write(
        'Warning: no stdin data received in 3s, proceeding without it. If piping from a slow command, redirect stdin explicitly: < /dev/null to skip, or wait longer.\n',
      );
      process.stdin.destroy();
      resolve('');
    }, stdinPatienceMs);
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (chunk: string) => {
      clearTimeout(timer);
      text += chunk;
    });
    process.stdin.on('end', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}
