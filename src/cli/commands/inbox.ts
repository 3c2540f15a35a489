import { basename } from 'node:path';
import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon, nextDaemon } from '../../daemon-client/ensure-daemon.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Recipient, StateChange } from '../../protocol/message.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import type { ShownMessage } from '../../protocol/wire.ts';
import { durationText } from '../text/durations.ts';
import { age, colours, forTerminal, table } from '../text/render.ts';

/** So many of the newest finished messages are listed. */
const endedListed = 1000;

interface InboxOptions {
  json?: boolean;
  all?: boolean;
  watch?: boolean;
}

export function addInbox(program: Command): void {
  const inbox = program
    .command('inbox')
    .description('show the messages that wait, and what became of the others')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex inbox\n  claudex inbox list api --all\n  claudex inbox show m4k2…\n  claudex inbox cancel m4k2…',
    );
  inbox
    .command('list [target]', { isDefault: true })
    .description('the messages that are not finished (of one session: id, name or folder)')
    .addHelpText('after', '\nExample:\n  claudex inbox list api --all')
    .option('-a, --all', `finished ones too (the newest ${endedListed})`)
    .option('-w, --watch', 'print each change as it comes, until Ctrl-C')
    .option('--json', 'print JSON')
    .action(list);
  inbox
    .command('show <id>')
    .description('one message with its history and its answer')
    .addHelpText('after', '\nExample:\n  claudex inbox show m4k2pqr7stuvwxyz')
    .option('--json', 'print JSON')
    .action(async (id: string, options: InboxOptions) => {
      const client = await ensureDaemon(process.env);
      const message = await client.message(id);
      process.stdout.write(options.json ? `${JSON.stringify(message, null, 2)}\n` : describe(message));
    });
  inbox
    .command('read <id>')
    .description('the text of one message, whole')
    .addHelpText('after', '\nExample:\n  claudex inbox read m4k2pqr7stuvwxyz')
    .action(async (id: string) => {
      const client = await ensureDaemon(process.env);
      process.stdout.write(`${forTerminal((await client.message(id)).body)}\n`);
    });
  inbox
    .command('cancel <id>')
    .description('take back a message that has not been delivered, or put a stuck one away')
    .addHelpText('after', '\nExample:\n  claudex inbox cancel m4k2pqr7stuvwxyz')
    .action(async (id: string) => change(id, 'cancel'));
  inbox
    .command('retry <id>')
    .description('queue a stuck, failed, expired or cancelled message again')
    .option('--to <target>', 'to another session, folder or machine: as a new message, and this one is taken back')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex inbox retry m4k2pqr7stuvwxyz\n  claudex inbox retry m4k2pqr7stuvwxyz --to api@workstation',
    )
    .action(async (id: string, options: { to?: string }) =>
      options.to === undefined ? change(id, 'retry') : resend(id, options.to),
    );
}

async function resend(id: string, to: string): Promise<void> {
  const client = await ensureDaemon(process.env);
  const message = await client.resendMessage(id, pathTarget(to));
  process.stdout.write(`${message.id} is ${message.state} for ${oneLine(nameOf(message.recipient))}.\n`);
}

async function change(id: string, what: 'cancel' | 'retry'): Promise<void> {
  const client = await ensureDaemon(process.env);
  const message = await client.changeMessage(id, what);
  const how = message.cancelling ? `${message.state}: ${message.reason}` : message.state;
  process.stdout.write(`${oneLine(`${message.id} is ${how}.`)}\n`);
}

async function list(target: string | undefined, options: InboxOptions): Promise<void> {
  const client = await ensureDaemon(process.env);
  const fits = recipientFilter(target, await client.sessions());
  if (options.watch) return watch(fits, options);
  const listed = await client.messages(options.all ? { ended: endedListed } : {});
  const messages = listed.filter((one) => fits(one.recipient));
  if (target !== undefined && messages.length === 0) await checkTarget(client, target, fits);
  if (options.json) return void process.stdout.write(`${JSON.stringify(messages, null, 2)}\n`);
  if (messages.length === 0) return void process.stdout.write('No messages wait.\n');
  const chalk = colours(process.stdout);
  const hasReplies = messages.some((one) => one.replyTo !== undefined);
  const rows = messages.map((one) => [
    one.id,
    nameOf(one.recipient),
    one.kind,
    one.state,
    howText(one),
    age(new Date(one.acceptedAt).toISOString()),
    ...(hasReplies ? [one.replyTo ?? ''] : []),
    firstLine(one.body),
  ]);
  const header = ['ID', 'FOR', 'KIND', 'STATE', 'HOW', 'AGE', ...(hasReplies ? ['REPLY TO'] : []), 'TEXT'];
  process.stdout.write(
    `${table(header, rows, (cell, column, row) => (row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell))}\n`,
  );
}

/** @throws ClaudexError NO_SUCH_SESSION when nobody is called so, and no message was for anybody who was */
async function checkTarget(client: DaemonClient, target: string, fits: (one: Recipient) => boolean): Promise<void> {
  if ((await client.sessions()).some(fits)) return;
  const known = await client.messages({ ended: endedListed });
  if (!known.some((one) => fits(one.recipient))) throw new ClaudexError('NO_SUCH_SESSION', `Asked for "${target}".`);
}

/** By id, name (any case) or folder; everybody when no target is given. */
function recipientFilter(target: string | undefined, sessions: readonly SessionRecord[]): (one: Recipient) => boolean {
  if (target === undefined) return () => true;
  const path = pathTarget(target);
  const named = sessions.find((one) => one.alias?.toLowerCase() === target.toLowerCase());
  if (named) return (one) => one.id === named.id;
  const wanted = target.toLowerCase();
  const names = (one: Recipient): string[] => [one.name, basename(one.cwd)];
  return (one) =>
    one.id === target ||
    one.cwd === path ||
    nameOf(one).toLowerCase() === wanted ||
    names(one).some((name) => name.toLowerCase() === wanted);
}

/** Survives a daemon that is replaced. */
async function watch(fits: (one: Recipient) => boolean, options: InboxOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(0));
  for (let client = await ensureDaemon(process.env); ; client = await nextDaemon(process.env)) {
    for await (const event of await client.events()) {
      if (event.type !== 'message' || !fits(event.message.recipient)) continue;
      const { message } = event;
      const how = message.reason ?? message.route ?? '';
      process.stdout.write(
        options.json
          ? `${JSON.stringify(message)}\n`
          : `${oneLine(`${message.id}  ${nameOf(message.recipient)}  ${message.state}${how ? `  ${how}` : ''}`)}\n`,
      );
    }
  }
}

/** A list shows one line of each message; `inbox read` gives the whole. */
function firstLine(body: string): string {
  const line = body.split('\n')[0]!;
  return line.length > 40 || body.includes('\n') ? `${line.slice(0, 40)}…` : line;
}

/** How it goes in, why it has not, or when it goes. */
function howText(message: ShownMessage, now = Date.now()): string {
  const { waitsFor, reason, route, notBefore } = message;
  if (message.state === 'queued' && notBefore !== undefined && notBefore > now)
    return `in ${durationText(notBefore - now)}`;
  if (waitsFor !== undefined) return `waits for ${waitsFor}`;
  return reason ?? route ?? '';
}

/** When a message goes that is not to go yet, and what it waits for. */
function waitLines({ state, notBefore, expiresAt, waitsFor }: ShownMessage, now = Date.now()): string[] {
  const until = (at: number): string => `${new Date(at).toISOString()} (in ${durationText(at - now)})`;
  const isDelayed = state === 'queued' && notBefore !== undefined && notBefore > now;
  return [
    ...(isDelayed ? [`Goes:   ${until(notBefore)} at the earliest`] : []),
    ...(waitsFor !== undefined && !isDelayed ? [oneLine(`Waits for: ${waitsFor}`)] : []),
    ...(state === 'queued' && expiresAt !== undefined && expiresAt > now ? [`Expires: ${until(expiresAt)}`] : []),
    ...(state === 'stuck' ? ['Stuck: look at the session, then `claudex inbox retry` or `claudex inbox cancel`'] : []),
  ];
}

/** One step of its history; one that came again and again says so. */
function stepText({ state, at, route, reason, times, lastAt }: StateChange): string {
  const again = times === undefined ? '' : `, ${times} times until ${new Date(lastAt ?? at).toISOString()}`;
  return oneLine(
    `${new Date(at).toISOString()}  ${state}${route ? ` by ${route}` : ''}${reason ? ` (${reason})` : ''}${again}`,
  );
}

/** `api`, and on another machine `api@devbox`. */
function nameOf({ name, machine }: Recipient): string {
  return machine === undefined ? name : `${name}@${machine}`;
}

function placeOf({ id, cwd, machine }: Recipient): string {
  if (machine !== undefined) return cwd === '' ? '' : ` (${cwd})`;
  return ` (${id ?? 'waits for a session in'} ${cwd})`;
}

function describe(message: ShownMessage): string {
  const lines = [
    oneLine(`${message.id}  ${message.kind} for ${nameOf(message.recipient)}${placeOf(message.recipient)}`),
    oneLine(`From:   ${message.sender.label}`),
    ...(message.replyTo ? [oneLine(`Reply to: ${message.replyTo}`)] : []),
    ...waitLines(message),
    ...message.history.map(stepText),
    '',
    forTerminal(message.body),
    ...(message.answer === undefined ? [] : ['', 'Answer:', forTerminal(message.answer)]),
  ];
  return `${lines.join('\n')}\n`;
}
