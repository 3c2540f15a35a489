import { type Command, Option } from 'commander';
import { conversationChoice } from '../../claude/command-line/conversation-arguments.ts';
import { opensSession } from '../../claude/command-line/invocation.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { goToMachine, otherMachine } from '../far/go-to-machine.ts';
import { attachTo } from '../managed/attach-to.ts';
import { folderOf } from '../managed/folder-of.ts';
import { giveTask } from '../managed/give-task.ts';
import { settled, whatItAsks } from '../managed/settled.ts';
import { asViewable } from '../managed/viewable.ts';
import { readMessage } from '../message-source.ts';
import { parseDuration } from '../text/durations.ts';

interface StartOptions {
  name?: string;
  task?: string;
  file?: string;
  attach?: boolean;
  keepWarm?: boolean;
  idleTimeout?: string;
  restart: 'crash' | 'never';
  json?: boolean;
}

export function addStart(program: Command): void {
  program
    .command('start')
    .argument('[folder]', 'where it is to run', '.')
    .argument('[claude-args...]', "claude's own arguments, behind --")
    .description(
      'start a session that no terminal holds: it runs on, sleeps when nobody needs it, and a message wakes it',
    )
    .option('--name <name>', 'what to call it')
    .option('--task <text>', 'its first task')
    .option('-F, --file <path>', 'read the first task from a file; - is standard input')
    .option('--attach', 'attach to it at once')
    .option('--keep-warm', 'never put it to sleep')
    .option('--idle-timeout <duration>', 'put it to sleep after being idle that long')
    .addOption(
      new Option('--restart <when>', 'start it again after a crash').choices(['crash', 'never']).default('crash'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex start ~/work/api --task "run the tests and mend what fails"\n  claudex start . --name reviewer --attach\n  claudex start . -- --model opus --permission-mode plan\n  claudex start /srv/api@devbox --task "run the tests"',
    )
    .action(start);
}

async function start(asked: string, args: string[], options: StartOptions): Promise<void> {
  const folder = await goToMachine(asked);
  if (otherMachine() !== undefined && options.attach) throw new ClaudexError('NOT_FROM_AFAR', 'Asked for --attach.');
  if (otherMachine() !== undefined && !/[/~]/.test(folder)) return resumeThere(folder, options);
  const cwd = folderOf(folder);
  if (!opensSession(args)) throw new ClaudexError('USAGE', `With ${args.join(' ')} claude opens no session.`);
  const hasTask = options.task !== undefined || options.file !== undefined;
  const task = hasTask ? await readMessage(options.task === undefined ? [] : [options.task], options.file) : undefined;
  if (task !== undefined && task.trim() === '') throw new ClaudexError('EMPTY_MESSAGE');
  const idleTimeoutMs = options.idleTimeout === undefined ? undefined : parseDuration(options.idleTimeout);
  const client = await ensureDaemon(process.env);
  const one = await client.startManaged({
    cwd,
    args,
    env: environmentForClaude(process.env),
    claudeSessionId: conversationChoice(args).id,
    keepWarm: options.keepWarm === true,
    restart: options.restart,
    ...(options.name !== undefined && { name: options.name }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
  });
  if (task !== undefined) await giveTask(client, one.id, task);
  if (options.attach) return attachTo(client, asViewable(one), { readOnly: false, json: options.json === true });
  const session = await settledOrForgotten(client, one.id);
  const state = session?.state ?? one.state;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ id: one.id, name: one.name, cwd, state, waitingFor: session?.waitingFor ?? null }, null, 2)}\n`,
    );
  } else process.stdout.write(`${one.id}\n`);
  const asks = whatItAsks(one.id, session);
  if (asks !== undefined) process.stderr.write(asks);
}

/** `claudex start api@devbox`: a managed session of that machine, by its name. */
async function resumeThere(name: string, { json, task, file }: StartOptions): Promise<void> {
  const client = await ensureDaemon(process.env);
  const { id } = findTarget(name, await everySession(client));
  const { state } = await client.changeManaged(id, 'resume');
  if (task !== undefined || file !== undefined)
    await giveTask(client, id, await readMessage(task === undefined ? [] : [task], file));
  process.stdout.write(json ? `${JSON.stringify({ id, name, state }, null, 2)}\n` : `${id}\n`);
}

/** One that has ended before it was there is no session: nothing of it stays in the way of the next try. @throws ClaudexError HOST_START_FAILED */
async function settledOrForgotten(client: DaemonClient, id: string): Promise<SessionRecord | undefined> {
  try {
    return await settled(client, id);
  } catch (error) {
    const state = (await client.managed()).find((one) => one.id === id)?.state;
    if (state === 'crashed' || state === 'ended') await client.changeManaged(id, 'forget');
    throw error;
  }
}
