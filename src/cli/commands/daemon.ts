import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { lockOwner } from '../../background/lock.ts';
import { reportFailure, reportReady } from '../../background/ready-report.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { connectDaemon, ensureDaemon, holdStopped } from '../../daemon-client/ensure-daemon.ts';
import { restartDaemon, stopDaemon } from '../../daemon-client/stop-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { claudexPaths } from '../../home/paths.ts';
import { asHomeError } from '../../home/private-folder.ts';
import { meshOf } from '../../mesh/mesh-of-daemon.ts';
import { ensureBridge } from '../../mesh/start-bridge.ts';
import { counted } from '../text/counted.ts';
import { durationText } from '../text/durations.ts';
import { forTerminal } from '../text/render.ts';
import { addHost } from './host.ts';

/** After a start that failed, what it has to say is out by then. */
const notStartedMs = 500;

export function addDaemon(program: Command): void {
  const daemon = program
    .command('daemon')
    .description('the background process that knows every session; started by itself when needed')
    .addHelpText('after', '\nExamples:\n  claudex daemon status\n  claudex daemon logs --follow');
  daemon
    .command('start')
    .description('start it if it does not run')
    .addHelpText('after', '\nExample:\n  claudex daemon start')
    .action(async () => {
      await sayRuns(await ensureDaemon(process.env));
    });
  daemon
    .command('stop')
    .description('stop it; running sessions go on, messages stay on disk')
    .addHelpText('after', '\nExample:\n  claudex daemon stop')
    .action(async () => {
      holdStopped(process.env);
      process.stdout.write(
        (await stopDaemon(process.env)) ? 'The daemon has stopped.\n' : 'The daemon does not run.\n',
      );
    });
  daemon
    .command('restart')
    .description('stop it and start it again, as after a change of its settings; running sessions go on')
    .addHelpText('after', '\nExample:\n  claudex daemon restart')
    .action(async () => {
      await sayRuns(await restartDaemon(process.env));
    });
  daemon
    .command('status')
    .description('say whether it runs')
    .addHelpText('after', '\nExample:\n  claudex daemon status --json')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const status = await (await connectDaemon(process.env))?.status();
      if (options.json)
        process.stdout.write(`${JSON.stringify({ running: status !== undefined, ...status }, null, 2)}\n`);
      else if (status) {
        const end =
          status.endsInMs === null ? '' : ` Nothing needs it: it ends by itself in ${durationText(status.endsInMs)}.`;
        process.stdout.write(
          `The daemon runs: pid ${status.pid}, version ${status.version}, up ${durationText(status.uptimeMs)}, ${counted(status.sessions, 'session')}, ${counted(status.pending, 'message')} waiting.${end}\n`,
        );
      } else {
        const hung = lockOwner(claudexPaths(process.env).lock);
        process.stdout.write(
          hung
            ? `The daemon (pid ${hung.pid}) does not answer. \`claudex daemon stop\` ends it.\n`
            : 'The daemon does not run. A command or `claudex` starts it, after `claudex install` a new `claude` too.\n',
        );
      }
      if (!status) process.exitCode = 3;
    });
  daemon
    .command('logs')
    .description('print its log (one JSON object a line, no message bodies)')
    .addHelpText('after', '\nExample:\n  claudex daemon logs -n 200 --follow')
    .option('-n, --lines <count>', 'how many of the last lines', '50')
    .option('-f, --follow', 'go on printing what is added')
    .action((options: { lines: string; follow?: boolean }) => {
      if (!/^\d+$/.test(options.lines))
        throw new ClaudexError('USAGE', `--lines takes a number, not "${options.lines}".`);
      printLogs(Number(options.lines), options.follow === true);
    });
  daemon
    .command('run', { hidden: true })
    .description('be the daemon, in the foreground')
    .action(() => runInForeground());
  addHost(daemon);
}

function printLogs(count: number, follow: boolean): void {
  const { log } = claudexPaths(process.env);
  let shown = readLog(log);
  const lines = shown.split('\n').filter((line) => line !== '');
  process.stdout.write(
    lines
      .slice(-count)
      .map((line) => `${forTerminal(line)}\n`)
      .join(''),
  );
  if (!follow) return;
  process.once('SIGINT', () => process.exit(0));
  watch(dirname(log), () => {
    const now = readLog(log);
    // rotated: what is there is all new
    process.stdout.write(forTerminal(now.startsWith(shown) ? now.slice(shown.length) : now));
    shown = now;
  });
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no daemon has run yet
  }
}

async function runInForeground(): Promise<void> {
  const { env } = process;
  try {
    const { runDaemon } = await import('../../daemon/run-daemon.ts');
    const started = await runDaemon(env, meshOf(env));
    reportReady(env);
    // what is wrong there is in its own log, and `claudex mesh status` says it
    if (started) ensureBridge(env).catch(() => undefined);
    if (!started && env.CLAUDEX_DAEMON !== '1') process.stdout.write('Another daemon serves this home already.\n');
  } catch (error) {
    reportFailure(env, asHomeError(error, claudexPaths(env).home));
    // whatever still stands of it does not live on
    setTimeout(() => process.exit(), notStartedMs).unref();
    throw error;
  }
}

async function sayRuns(client: DaemonClient): Promise<void> {
  const { pid, version } = await client.status();
  process.stdout.write(`The daemon runs (pid ${pid}, version ${version}).\n`);
}
