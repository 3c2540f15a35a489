import { type Command, Option } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { followMessage } from '../../daemon-client/follow-message.ts';
import { linkTarget, pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { isKnownAway } from '../../mesh/remote-sessions.ts';
import { type Route, routes } from '../../protocol/message.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { SendReply, SendRequest } from '../../protocol/wire.ts';
import { readMessage } from '../message-source.ts';
import { questionLine } from '../questions/question-target.ts';
import { waysToAnswer } from '../questions/show-question.ts';
import { ownSession, senderOf } from '../sender.ts';
import { parseClockTime, parseDuration } from '../text/durations.ts';
import { printError } from '../text/print-error.ts';
import { colours, forTerminal } from '../text/render.ts';
import { firstWord, whereIs } from '../text/where-is.ts';

interface SendOptions {
  file?: string;
  note?: boolean;
  when: 'idle' | 'now';
  from?: string;
  route?: Route;
  replyTo?: string;
  key?: string;
  delay?: string;
  at?: string;
  expires?: string;
  hold?: boolean;
  start?: boolean;
  to?: string[];
  all?: boolean;
  wait?: string | true;
  failOnPermission?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const targetHelp = `
A target is a session's id, its name (the folder's basename, any case), or a path (., ../api, /work/api);
on another machine of your mesh (claudex mesh) one of these with its name: api@devbox, /srv/api@devbox.
The message is on disk before its id is printed. It goes in as soon as the session is idle: never into a dialog,
never into a draft. What cannot go in now waits; \`claudex inbox\` shows it.
Write -- before a text that begins with a dash: claudex send api -- "- first point"`;

export function addSend(program: Command): void {
  shared(program.command('send'))
    .argument('[target]', 'who is to get it')
    .argument('[message...]', 'the text; - or nothing reads standard input')
    .description('put a message into a running session')
    .option('--wait [duration]', 'wait for the answer and print it (30s, 5m; no duration: as long as it takes)')
    .addHelpText(
      'after',
      `${targetHelp}

Examples:
  claudex send api "rerun the migration check"
  git diff | claudex send . -
  claudex send web --note "the API moved to port 8081"
  claudex send --start ~/work/api "run the tests"
  claudex send api --wait=5m "do the tests pass?"
  claudex send --all --delay 10m "commit what you have"
  claudex send api@devbox "pull and rerun the tests"`,
    )
    .action(send);
  shared(program.command('ask'))
    .argument('[target]', 'who is to answer')
    .argument('[message...]', 'the question; - or nothing reads standard input')
    .description('put a question into a running session and print its answer (send --wait)')
    .option('--wait <duration>', 'how long to wait at most')
    .addHelpText('after', `${targetHelp}\n\nExample:\n  claudex ask api "which migrations are pending?"`)
    .action((target: string | undefined, words: string[], options: SendOptions) =>
      send(target, words, { ...options, wait: options.wait ?? true }),
    );
}

function shared(command: Command): Command {
  return command
    .showHelpAfterError(
      `Fix: run \`claudex ${command.name()} --help\`; a text that begins with a dash stands behind --.`,
    )
    .option('-F, --file <path>', 'read the message from a file')
    .option('--note', 'say it silently with the next prompt instead of starting a turn')
    .addOption(
      new Option('--when <moment>', 'idle: after the turn; now: in mid-turn too')
        .choices(['idle', 'now'])
        .default('idle'),
    )
    .option('--from <name>', 'speak as this program or session (a peer), not as the user')
    .addOption(new Option('--route <route>', 'only this way in (docs/delivery.md)').choices(routes))
    .option('--reply-to <id>', 'the message this one answers')
    .option('--key <key>', 'idempotency key: the same key again returns the first message')
    .option('--delay <duration>', 'not before that long from now')
    .option('--at <time>', 'not before that time (18:00)')
    .option('--expires <duration>', 'give up if it is not delivered by then')
    .option('--hold', 'accept it even if no session runs in that folder yet')
    .option('--start', 'where no session is in that folder, start a managed one there (claudex start)')
    .option('--to <target>', 'another target (repeatable); one message each', (one: string, all: string[] = []) => [
      ...all,
      one,
    ])
    .option('--all', 'every live session but this one, and those that are being stopped')
    .option('--fail-on-permission', 'with --wait: exit 6 as soon as the session waits for a person')
    .option('-q, --quiet', 'no progress on stderr')
    .option('--json', 'print JSON');
}

async function send(target: string | undefined, words: string[], options: SendOptions): Promise<void> {
  // with --to or --all there is no target word: the first word belongs to the message
  const several = options.all === true || options.to !== undefined;
  const text = several && target !== undefined ? [target, ...words] : words;
  if (!several && !target) throw new ClaudexError('USAGE', 'Say who is to get the message.');
  const body = await readMessage(text, options.file);
  if (body.trim() === '') throw new ClaudexError('EMPTY_MESSAGE');
  if (options.start && (several || options.hold)) {
    throw new ClaudexError('USAGE', '--start goes with one target, and not with --hold.');
  }
  if (options.failOnPermission && options.wait === undefined) {
    throw new ClaudexError('USAGE', '--fail-on-permission goes with --wait.');
  }
  const hasLimit = typeof options.wait === 'string' && options.wait !== 'forever';
  const timeoutMs = hasLimit ? parseDuration(options.wait as string) : undefined;
  const client = await ensureDaemon(process.env);
  const request = { ...(await requestFrom(client, options)), body };
  const targets = several ? await targetsOf(client, options) : [target!];
  const replies = several
    ? await client.sendToAll({ ...request, targets: targets.map(pathTarget), ...(options.all && { all: true }) })
    : [await sendToOne(client, { ...request, target: pathTarget(targets[0]!) }, options)];
  if (options.wait === undefined) {
    const isAway = (machine: string): boolean => isKnownAway(process.env, machine);
    const heard = replies.map((reply) => firstWord(client, reply, { isJson: options.json === true, isAway }));
    printReplies(await Promise.all(heard), options);
    return;
  }
  await waitFor(client, replies, options, timeoutMs);
}

/**
 * Who sends to one that is asleep wakes it. A name that nobody has may be that of a link here, to a folder that somebody sits in;
 * with `--start` one that is not there is started.
 */
async function sendToOne(client: DaemonClient, request: SendRequest, options: SendOptions): Promise<SendReply> {
  try {
    return await client.send(request);
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'NO_SUCH_SESSION') throw error;
    const link = linkTarget(request.target);
    if (link !== undefined) return sendToOne(client, { ...request, target: link }, options);
    if (!options.start) throw error;
    const { startForMessage } = await import('../managed/start-for-message.ts');
    const id = await startForMessage(client, request.target);
    if (!options.quiet) process.stderr.write(`Started session ${id} in ${oneLine(request.target)}.\n`);
    return client.send({ ...request, target: id });
  }
}

async function requestFrom(client: DaemonClient, options: SendOptions): Promise<Omit<SendRequest, 'target' | 'body'>> {
  const now = Date.now();
  if (options.delay !== undefined && options.at !== undefined) {
    throw new ClaudexError('USAGE', 'Give --delay or --at, not both.');
  }
  return {
    kind: options.note ? 'note' : 'task',
    when: options.when,
    sender: await senderOf(client, process.env, options.from),
    caller: { pids: [process.ppid], configDir: claudeConfigDir(process.env) },
    hold: options.hold === true,
    ...(options.route !== undefined && { route: options.route }),
    ...(options.replyTo !== undefined && { replyTo: options.replyTo }),
    ...(options.key !== undefined && { key: options.key }),
    ...(options.delay !== undefined && { delayMs: parseDuration(options.delay) }),
    ...(options.at !== undefined && { notBefore: parseClockTime(options.at, now) }),
    ...(options.expires !== undefined && { expiresAt: now + parseDuration(options.expires) }),
  };
}

async function targetsOf(client: DaemonClient, options: SendOptions): Promise<string[]> {
  if (!options.all) return options.to ?? [];
  // by the processes above this one: what is in the environment may be another's, or gone
  const self = (await ownSession(client, process.env))?.id;
  const ids = (await client.sessions()).filter((one) => one.id !== self).map((one) => one.id);
  if (ids.length === 0) throw new ClaudexError('NO_SUCH_SESSION', 'Nobody is live.');
  return ids;
}

function printReplies(replies: readonly SendReply[], options: SendOptions): void {
  if (options.json) return void printJson(replies, options);
  for (const reply of replies) process.stdout.write(`${reply.id}\n`);
  if (options.quiet || !process.stderr.isTTY) return;
  const chalk = colours(process.stderr);
  for (const reply of replies) {
    process.stderr.write(chalk.dim(`${oneLine(whereIs(reply))}\n`));
  }
}

/** An array where several may be meant, however many they are; for one, nothing where there is none. */
function printJson(results: readonly unknown[], options: SendOptions): void {
  const value = options.all || options.to !== undefined ? results : results[0];
  if (value !== undefined) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

async function waitFor(
  client: DaemonClient,
  replies: readonly SendReply[],
  options: SendOptions,
  timeoutMs: number | undefined,
): Promise<void> {
  const chalk = colours(process.stderr);
  // Ctrl-C stops the waiting, not the message; a shell's loop goes on after whoever did not die of it
  process.once('SIGINT', () => {
    process.stderr.write(`\nStopped waiting; the message stays: claudex inbox show ${replies[0]!.id}\n`);
    process.kill(process.pid, 'SIGINT');
  });
  const settled = await Promise.allSettled(
    replies.map((reply) =>
      followMessage(client, reply.id, {
        env: process.env,
        ...(timeoutMs !== undefined && { timeoutMs }),
        failOnPermission: options.failOnPermission === true,
        onProgress: (text) => {
          if (!options.quiet) process.stderr.write(chalk.dim(`${oneLine(`${reply.target.name}: ${text}`)}\n`));
        },
        onQuestion: (question) => {
          const ways = waysToAnswer(question).join('  |  ');
          const text = `${oneLine(reply.target.name)} asks: ${questionLine(question)}\n  ${ways}\n`;
          if (!options.quiet) process.stderr.write(text);
        },
      }),
    ),
  );
  const answered = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (options.json) printJson(answered, options);
  else for (const one of answered) process.stdout.write(`${forTerminal(one.answer ?? '')}\n`);
  const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  for (const reason of failed.slice(1)) printError(toClaudexError(reason));
  if (failed.length > 0) throw failed[0];
  process.exit(0);
}
