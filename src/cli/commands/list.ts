import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ensureDaemon, nextDaemon } from '../../daemon-client/ensure-daemon.ts';
import { everySession, liveSessions } from '../../daemon-client/every-session.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { hasJoined, meshPaths } from '../../mesh/mesh-files.ts';
import { type MachineSession, machineNames, remoteSessions } from '../../mesh/remote-sessions.ts';
import type { Question } from '../../protocol/question.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { questionLine } from '../questions/question-target.ts';
import { colours, sessionTable } from '../text/render.ts';

interface ListOptions {
  json?: boolean;
  watch?: boolean;
  here?: boolean;
  idle?: boolean;
  waiting?: boolean;
  all?: boolean;
  local?: boolean;
  machine?: string;
}

export function addList(program: Command): void {
  program
    .command('list')
    .description('show every running session, of this machine and of those in its mesh')
    .option('--json', 'print JSON')
    .option('--here', 'only those of this folder and the folders below it')
    .option('--idle', 'only those that wait for a prompt')
    .option('--waiting', 'only those that wait for a person: a permission, a dialog')
    .option('-a, --all', 'also managed sessions that sleep or have ended')
    .option('--local', 'only those of this machine')
    .option('--machine <name>', 'only those of that machine of the mesh (claudex mesh status)')
    .option('-w, --watch', 'keep showing it, redrawn in place, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex list\n  claudex list --here --idle\n  claudex list --machine devbox\n  claudex list --json | jq -r \'.[] | select(.state == "idle") | .name\'',
    )
    .action(async (options: ListOptions) => {
      checkMachine(options);
      if (options.watch) return watchSessions(options);
      const client = await ensureDaemon(process.env);
      print(await wanted(client, options), await client.questions(), options);
    });
}

/** The table says of each whether a host runs it; JSON without `--all` is session records as they are. */
function wanted(client: DaemonClient, { all, json }: ListOptions): Promise<SessionRecord[]> {
  if (all) return everySession(client);
  return json ? client.sessions() : liveSessions(client);
}

/** @throws ClaudexError USAGE, MESH_NOT_JOINED, MESH_NO_SUCH_MACHINE */
function checkMachine({ machine, local, here }: ListOptions): void {
  if (machine === undefined) return;
  if (local || here) throw new ClaudexError('USAGE', '--machine goes with neither --local nor --here.');
  const names = machineNames(process.env);
  if (!names) throw new ClaudexError('MESH_NOT_JOINED');
  if (machine !== names.own && !names.others.includes(machine))
    throw new ClaudexError('MESH_NO_SUCH_MACHINE', `There are ${[names.own, ...names.others].join(', ')}.`);
}

/** Those of other machines that are asked for; none with `claudex --host`, which lists one machine alone. */
function ofOthers({ local, here, machine }: ListOptions): MachineSession[] {
  return local || here || elsewhere() ? [] : remoteSessions(process.env, machine);
}

/** Below the table what claude asks there. */
function print(all: readonly SessionRecord[], questions: readonly Question[], options: ListOptions): void {
  const here = options.here ? pathTarget('.') : undefined;
  const isOther = options.machine !== undefined && options.machine !== machineNames(process.env)?.own;
  const sessions = isOther ? [] : all.filter((one) => isWanted(one, options, here));
  const others = ofOthers(options).filter((one) => isWanted(one, options, here));
  if (options.json) return void process.stdout.write(`${JSON.stringify([...sessions, ...others], null, 2)}\n`);
  const asked = questions.filter(({ state, session }) => state === 'open' && sessions.some(({ id }) => id === session));
  const lines = asked.map((one) => `\n${oneLine(one.name)} asks ${questionLine(one)}`);
  process.stdout.write(`${sessionTable([...sessions, ...others], colours(process.stdout))}${lines.join('')}\n`);
}

/** `--idle --waiting` is either of them. */
function isWanted(session: SessionRecord | MachineSession, options: ListOptions, here: string | undefined): boolean {
  const isElsewhere = session.cwd !== here && !session.cwd.startsWith(here === '/' ? '/' : `${here}/`);
  if (here !== undefined && isElsewhere) return false;
  if (!options.idle && !options.waiting) return true;
  return (
    (options.idle === true && session.state === 'idle') || (options.waiting === true && session.state === 'waiting')
  );
}

/** Redraws on each change; on a pipe each change is printed below the last. Survives a daemon that is replaced. */
async function watchSessions(options: ListOptions): Promise<void> {
  const inPlace = process.stdout.isTTY === true && !options.json;
  process.once('SIGINT', () => {
    if (inPlace) process.stdout.write('\r\x1b[K'); // the ^C
    process.exit(0);
  });
  let last: Promise<void> = Promise.resolve();
  const show = (client: DaemonClient): Promise<void> => {
    const shown = last.then(async () => {
      const sessions = await wanted(client, options);
      const questions = await client.questions();
      if (inPlace) process.stdout.write('\x1b[H\x1b[2J');
      print(sessions, questions, options);
      if (inPlace) process.stdout.write(`\nAs of ${new Date().toTimeString().slice(0, 8)}; Ctrl-C ends it.\n`);
    });
    last = shown.catch(() => undefined);
    return shown;
  };
  for (let client = await ensureDaemon(process.env); ; client = await nextDaemon(process.env)) {
    const others = watchOthers(() => show(client).catch(() => undefined)); // the daemon goes: the stream's end says so
    try {
      const events = await client.events();
      for await (const event of events) {
        if (event.type === 'message' && options.json) continue;
        await show(client);
      }
    } finally {
      others?.close();
    }
  }
}

/** What the bridge writes down, where this machine is in a mesh. */
function watchOthers(changed: () => void): FSWatcher | undefined {
  if (!hasJoined(process.env)) return undefined;
  const { folder, seen } = meshPaths(process.env);
  return watch(folder, (_event, name) => {
    if (name === basename(seen)) changed();
  });
}
