import { existsSync, realpathSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { conversationChoice } from '../../claude/command-line/conversation-arguments.ts';
import { opensSession } from '../../claude/command-line/invocation.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { attachTo } from '../managed/attach-to.ts';
import { asViewable } from '../managed/viewable.ts';
import { readMessage } from '../message-source.ts';
import { senderOf } from '../sender.ts';
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

/** Claude has this long to show its prompt box, or what it waits for, before `start` says no more of it. */
const settlesMs = 8000;

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
      '\nExamples:\n  claudex start ~/work/api --task "run the tests and mend what fails"\n  claudex start . --name reviewer --attach\n  claudex start . -- --model opus --permission-mode plan',
    )
    .action(start);
}

async function start(folder: string, args: string[], options: StartOptions): Promise<void> {
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
  if (options.attach) return attachTo(client, asViewable(one), { readOnly: false });
  const session = await settled(client, one.id);
  const state = session?.state ?? one.state;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ id: one.id, name: one.name, cwd, state, waitingFor: session?.waitingFor ?? null }, null, 2)}\n`,
    );
  } else process.stdout.write(`${one.id}\n`);
  sayWhatItWaitsFor(one, session);
}

function folderOf(folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new ClaudexError('USAGE', `${folder} is no folder.`);
  return realpathSync(folder);
}

async function giveTask(client: DaemonClient, id: string, body: string): Promise<void> {
  await client.send({
    target: id,
    body,
    kind: 'task',
    when: 'idle',
    hold: false,
    sender: await senderOf(client, process.env, undefined),
    caller: { pids: [process.ppid], configDir: claudeConfigDir(process.env) },
  });
}

/** Its session once claude shows its prompt box, works, or waits for somebody; undefined when it does not come to that in time. */
async function settled(client: DaemonClient, id: string): Promise<SessionRecord | undefined> {
  for (let waitedMs = 0; waitedMs < settlesMs; waitedMs += 50) {
    const session = (await client.sessions()).find((one) => one.id === id);
    if (session && session.state !== 'starting') return session;
    const one = (await client.managed()).find((record) => record.id === id);
    if (one && one.state !== 'starting' && one.state !== 'running') {
      throw new ClaudexError('HOST_START_FAILED', `${one.exit?.reason ?? one.state}.`);
    }
    await delay(50);
  }
  return undefined;
}

/** What claude asks at its start (trust, log-in, MCP servers) is a person's to answer. */
function sayWhatItWaitsFor(one: ManagedRecord, session: SessionRecord | undefined): void {
  if (session !== undefined && session.state !== 'waiting') return;
  const what = session?.waitingFor ?? 'something on its screen';
  process.stderr.write(
    `It waits for a person: ${what}. See it with \`claudex peek ${one.id}\`, answer in \`claudex attach ${one.id}\`.\n`,
  );
}
