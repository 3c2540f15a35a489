/** The life of managed sessions: stop, resume, restart, forget. */
import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import { attachTo } from '../managed/attach-to.ts';
import { isUp, managedTarget } from '../managed/managed-target.ts';
import { stopNow } from '../managed/stop-now.ts';
import { asViewable } from '../managed/viewable.ts';
import { printError } from '../text/print-error.ts';

interface Options {
  all?: boolean;
  now?: boolean;
  attach?: boolean;
  json?: boolean;
}

export function addStop(program: Command): void {
  program
    .command('stop')
    .argument('[target...]', 'managed sessions')
    .description('stop managed sessions, after the turn; they stay stopped until they are resumed')
    .option('--all', 'every one that runs')
    .option('--now', 'at once, in the middle of a turn too')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex stop reviewer\n  claudex stop --all --now')
    .action(async (targets: string[], options: Options) => {
      await each(targets, options, async (client, id) => {
        if (options.now) return stopNow(client, id);
        const asked = await client.changeManaged(id, 'stop');
        if (isUp(asked)) await sayWhatKeepsIt(client, asked);
        return asked;
      });
    });
}

export function addResume(program: Command): void {
  program
    .command('resume')
    .argument('<target...>', 'managed sessions')
    .description('start managed sessions that do not run, each with its conversation')
    .option('--attach', 'attach to it (one only)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex resume reviewer --attach')
    .action(async (targets: string[], options: Options) => {
      if (options.attach && targets.length !== 1) throw new ClaudexError('USAGE', '--attach goes with one target.');
      const started = await each(targets, options, (client, id) => client.changeManaged(id, 'resume'));
      if (options.attach && started[0]) {
        await attachTo(await ensureDaemon(process.env), asViewable(started[0]), { readOnly: false });
      }
    });
}

export function addRestart(program: Command): void {
  program
    .command('restart')
    .argument('<target...>', 'managed sessions')
    .description('end managed sessions at once and resume them, each with its conversation')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex restart reviewer')
    .action(async (targets: string[], options: Options) => {
      await each(targets, options, (client, id) => client.changeManaged(id, 'restart'));
    });
}

export function addForget(program: Command): void {
  program
    .command('forget')
    .argument('<target...>', 'managed sessions that do not run')
    .description('take managed sessions off the list; their conversations stay with claude')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex forget reviewer')
    .action(async (targets: string[], options: Options) => {
      await each(targets, options, async (client, id, one) => {
        await client.changeManaged(id, 'forget');
        return one;
      });
    });
}

/** A turn that waits for a person may not end for a long time. */
async function sayWhatKeepsIt(client: DaemonClient, { id, name }: ManagedRecord): Promise<void> {
  const session = (await client.sessions()).find((one) => one.id === id);
  if (session?.state !== 'waiting') return;
  const who = name ?? id;
  const what = session.waitingFor ?? 'a person';
  process.stderr.write(
    `${who} stops after its turn, which waits for: ${what} (claudex waiting). At once: claudex stop --now ${who}\n`,
  );
}

/** Each target on its own: one that fails keeps none of the others from it. The exit code is that of the last failure. */
async function each(
  targets: readonly string[],
  options: Options,
  act: (client: DaemonClient, id: string, one: ManagedRecord) => Promise<ManagedRecord>,
): Promise<ManagedRecord[]> {
  if (targets.length === 0 && !options.all) throw new ClaudexError('USAGE', 'Say which, or --all.');
  const client = await ensureDaemon(process.env);
  const wanted = options.all ? (await client.managed()).filter(isUp).map(({ id }) => id) : targets;
  const done: ManagedRecord[] = [];
  for (const target of wanted) {
    try {
      const one = await managedTarget(client, target);
      done.push(await act(client, one.id, one));
    } catch (error) {
      const known = toClaudexError(error);
      printError(known);
      process.exitCode = known.exitCode;
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
  return done;
}
