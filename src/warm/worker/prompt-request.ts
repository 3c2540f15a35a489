/** One `claudex prompt`, as the worker answers it: claude's own command line in, what `claude -p` would print out. */
import { randomUUID } from 'node:crypto';
import { findClaude } from '../../claude/binary.ts';
import { type PrintInvocation, parsePrintArguments } from '../../claude/command-line/print-arguments.ts';
import { asPrinted, jsonOutput, printExitCode, textOutput } from '../../claude/command-line/print-output.ts';
import type { StreamLine } from '../../claude/stream/stream-json.ts';
import { toClaudexError } from '../../errors/claudex-error.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { readSettings } from '../../settings/read.ts';
import type { WarmPool } from '../pool/pool.ts';
import type { LaunchSpec, ProcessEnd } from '../pool/stream-child.ts';
import type { WorkerReply, WorkerRequest } from './worker-protocol.ts';

/** `claude -p` has no time limit; whoever asked can go at any time. */
const timeoutMs = 24 * 3600 * 1000;

/** Of the shell that asks, not of the work: they would give every terminal processes of its own. */
const shellVariables = ['_', 'COLUMNS', 'LINES', 'OLDPWD', 'PWD', 'SHLVL', 'TERM_SESSION_ID', 'WINDOWID'];

/** What claude says itself (2.1.197 and 2.1.330; of blanks only 2.1.330, 2.1.197 fails with other words). */
const onlyBlanks =
  'Error: Input contained only whitespace. Provide a prompt with text through stdin or as a prompt argument when using --print\n';
const noInput = 'Error: Input must be provided either through stdin or as a prompt argument when using --print\n';

type PromptAsk = Extract<WorkerRequest, { type: 'prompt' }>;

/** What a command line fixes at the start of claude. @throws ClaudexError CLAUDE_NOT_FOUND, BAD_SETTING */
export function launchOf(ask: Pick<PromptAsk, 'cwd' | 'env'>, args: readonly string[]): LaunchSpec {
  const setting = readSettings(ask.env).values['claude.path'] ?? undefined;
  const env = Object.fromEntries(Object.entries(ask.env).filter(([name]) => !shellVariables.includes(name)));
  return { file: findClaude({ env: ask.env, setting }), args, cwd: ask.cwd, env };
}

/** Answers through `say`, its last word included; never throws. Aborting `signal` ends it without one. */
export async function answerPrompt(
  ask: PromptAsk,
  pool: WarmPool,
  say: (what: WorkerReply) => void,
  signal: AbortSignal,
): Promise<void> {
  const invocation = parsePrintArguments(ask.words);
  if (invocation.cold !== undefined) return say({ cold: invocation.cold });
  const prompt = [invocation.prompt, ask.stdin].filter(Boolean).join('\n');
  if (prompt.trim() === '') {
    say({ err: prompt === '' ? noInput : onlyBlanks });
    return say({ exit: 1 });
  }
  try {
    say({ exit: await run(ask, invocation, prompt, pool, say, signal) });
  } catch (error) {
    const known = toClaudexError(error);
    if (pool.isDraining && ['ABORTED', 'POOL_EXHAUSTED'].includes(known.code)) return say({ replaced: true });
    const end = known.cause as ProcessEnd | undefined;
    if (known.code === 'CLAUDE_ERROR' && end?.stderr) {
      // it refuses its arguments: its own words, its own exit code
      say({ err: `${end.stderr}\n` });
      return say({ exit: end.code ?? 1 });
    }
    say({ err: `claudex: ${oneLine(known.message)}\nFix: ${known.fix}\n` });
    say({ exit: known.exitCode });
  }
}

async function run(
  ask: PromptAsk,
  invocation: PrintInvocation,
  prompt: string,
  pool: WarmPool,
  say: (what: WorkerReply) => void,
  signal: AbortSignal,
): Promise<number> {
  const { args, format, verbose, maxTurns } = invocation;
  const lines: StreamLine[] = [];
  const partial = args.includes('--include-partial-messages');
  const said = await pool.run({
    requestId: randomUUID(),
    spec: launchOf(ask, args),
    prompt,
    signal,
    timeoutMs,
    onStderr: (text) => say({ err: text }),
    onLine: (line) => {
      if (format === 'stream-json') say({ out: `${JSON.stringify(line)}\n` });
      else if (format === 'json' && verbose) lines.push(line);
    },
  });
  const result = asPrinted(said, { format, partial });
  if (format === 'text') say({ out: textOutput(result, { maxTurns }) });
  else say({ out: jsonOutput(result, format === 'json' && verbose ? lines : undefined) });
  return printExitCode(result);
}
