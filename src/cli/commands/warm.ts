import type { Command } from 'commander';
import { lockOwner } from '../../background/lock.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { packageVersion } from '../../home/package.ts';
import { claudexPaths } from '../../home/paths.ts';
import { kill, killTree } from '../../process/tree.ts';
import { untilGone } from '../../process/until-gone.ts';
import { askWorker } from '../../warm/worker/ask-worker.ts';
import type { WorkerReply, WorkerRequest, WorkerStatus } from '../../warm/worker/worker-protocol.ts';
import { askWarm } from '../prompt.ts';
import { shortPath } from '../text/render.ts';

/** The worker answers at once what it does, also in the middle of its work. */
const statusPatienceMs = 5000;

export function addWarm(program: Command): void {
  const warm = program
    .command('warm')
    .description('the claude processes that `claudex prompt` keeps; started and ended by themselves')
    .addHelpText('after', '\nExamples:\n  claudex warm status\n  claudex warm prewarm -- --model sonnet');
  warm
    .command('status')
    .description('what runs, and how often each thing has happened')
    .addHelpText('after', '\nExample:\n  claudex warm status --json')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const last = await askRunning({ type: 'status' }, statusPatienceMs);
      const status = last && 'status' in last ? last.status : undefined;
      if (options.json)
        process.stdout.write(`${JSON.stringify({ running: status !== undefined, ...status }, null, 2)}\n`);
      else
        process.stdout.write(
          status ? statusText(status) : 'Nothing is kept warm. The next `claudex prompt` starts it.\n',
        );
      if (!status) process.exitCode = 3;
    });
  warm
    .command('prewarm [arguments...]')
    .description('start processes for this folder, and for these arguments of claude, before anybody asks')
    .addHelpText('after', '\nExample:\n  claudex warm prewarm --count 2 -- --model sonnet --allowedTools Read')
    .option('--count <number>', 'how many', '1')
    .action(async (words: string[], options: { count: string }) => {
      if (!/^[1-9]\d*$/.test(options.count)) {
        throw new ClaudexError('USAGE', `--count takes a number from 1, not "${options.count}".`);
      }
      const { env } = process;
      const question = { version: packageVersion(), words, cwd: process.cwd(), env, count: Number(options.count) };
      const last = await askWarm({ type: 'prewarm', ...question }, (say) => {
        if ('err' in say) process.stderr.write(say.err);
      });
      if (last && 'cold' in last) throw new ClaudexError('NOT_WARM', `It was asked for ${last.cold}.`);
      if (last && 'exit' in last) process.exitCode = last.exit;
    });
  warm
    .command('drain')
    .description('let what runs end, then end every process')
    .addHelpText('after', '\nExample:\n  claudex warm drain')
    .action(async () => {
      process.stdout.write((await drainWorker()) ? 'Nothing is kept warm any more.\n' : 'Nothing was kept warm.\n');
    });
}

/** Lets the worker finish and end, and waits until it is gone; one that does not answer is killed. False when none runs. */
export async function drainWorker(): Promise<boolean> {
  let running: WorkerReply | undefined;
  try {
    running = await askRunning({ type: 'status' }, statusPatienceMs);
  } catch (error) {
    const hung = lockOwner(claudexPaths(process.env).warmLock);
    if (toClaudexError(error).code !== 'WORKER_SILENT' || !hung) throw error;
    kill(hung.pid);
    await untilGone(hung.pid);
    await killTree(undefined, `${hung.pid}-`); // its claudes carry its pid
    return true;
  }
  if (!running || (await askRunning({ type: 'drain' })) === undefined) return false;
  if ('status' in running) await untilGone(running.status.pid);
  return true;
}

/**
 * The worker's last word; undefined when none runs. Starts nothing.
 * @throws ClaudexError WORKER_SILENT when it says nothing in `patienceMs`
 */
async function askRunning(question: WorkerRequest, patienceMs?: number): Promise<WorkerReply | undefined> {
  const { warmSocket, warmLock } = claudexPaths(process.env);
  let last: WorkerReply | undefined;
  const take = (say: WorkerReply): void => {
    last = say;
  };
  if ((await askWorker(warmSocket, question, take, patienceMs)) === 'silent') {
    throw new ClaudexError('WORKER_SILENT', `Its process is ${lockOwner(warmLock)?.pid ?? 'not known'}.`);
  }
  return last;
}

function statusText(status: WorkerStatus): string {
  const { pid, version, uptimeMs, requests, waiting, processes, counters } = status;
  const head = `The worker runs: pid ${pid}, version ${version}, up ${Math.round(uptimeMs / 1000)} s. Requests now: ${requests - waiting} running, ${waiting} waiting.\n`;
  const rows = processes.map((one) => `  ${one.pid}  ${one.state}, ${one.served} served, ${shortPath(one.cwd)}\n`);
  const counts = Object.entries(counters).map(([name, count]) => `${name} ${count}`);
  return `${head}${rows.join('')}Since its start: ${counts.join(', ')}.\n`;
}
