/** Looking at a session: attach, detach, peek. */
import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { detachAll, readScreen } from '../../host-client/host-connection.ts';
import { goToMachine } from '../far/go-to-machine.ts';
import { attachTo } from '../managed/attach-to.ts';
import { viewable, viewerSocket } from '../managed/viewable.ts';
import { forTerminal } from '../text/render.ts';

/** A screen that is followed is read again this often. */
const followEveryMs = 500;

interface PeekOptions {
  lines?: string;
  ansi?: boolean;
  follow?: boolean;
  json?: boolean;
}

export function addAttach(program: Command): void {
  program
    .command('attach')
    .argument('[target]', 'a session; without it the only one')
    .description('show a session in this terminal, also one that runs in another terminal; Ctrl-\\ leaves it running')
    .option('--read-only', 'look, type nothing, change no size')
    .option('--json', 'print the session as JSON once you have left it')
    .addHelpText('after', '\nExamples:\n  claudex attach reviewer\n  claudex attach --read-only')
    .action(async (target: string | undefined, options: { readOnly?: boolean; json?: boolean }) => {
      const client = await ensureDaemon(process.env);
      await attachTo(client, await viewable(client, target), {
        readOnly: options.readOnly === true,
        json: options.json === true,
      });
    });
}

export function addDetach(program: Command): void {
  program
    .command('detach')
    .argument('[target]', 'a session; without it the one this shell runs in, else the only one')
    .description('let every terminal that shows a session go, its own as well; the session runs on')
    .option('--json', 'print the session as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex detach reviewer\n  claudex detach            (inside a session: that one)',
    )
    .action(async (target: string | undefined, options: { json?: boolean }) => {
      const client = await ensureDaemon(process.env);
      const one = await viewable(client, target ?? (await surrounding(client)));
      const far = elsewhere();
      if (far) await far.detachAll(one.id);
      else if (one.managed) await detachAll(one.managed.socket);
      const record =
        one.managed ?? (far ? (await client.managed()).find(({ id }) => id === one.id) : await client.handOver(one.id));
      if (options.json) process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
      else
        process.stderr.write(
          `Detached; ${one.name} runs on: claudex ${far ? `--host ${far.name} ` : ''}attach ${one.name}\n`,
        );
    });
}

/** The session that this shell runs in: claude's own Bash tool. */
async function surrounding(client: DaemonClient): Promise<string | undefined> {
  try {
    return (await client.whoami([process.ppid], claudeConfigDir(process.env))).id;
  } catch (error) {
    if (error instanceof ClaudexError && error.code === 'NOT_IN_A_SESSION') return undefined;
    throw error;
  }
}

export function addPeek(program: Command): void {
  program
    .command('peek')
    .argument('[target]', 'a session; without it the only one')
    .description('print what is on the screen of a session; touches nothing')
    .option('-n, --lines <count>', 'the last lines, with what has scrolled out above')
    .option('--ansi', 'in its colours')
    .option('-f, --follow', 'print it again whenever it has changed, until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex peek reviewer\n  claudex peek api@devbox             (on another machine of the mesh)\n  claudex peek reviewer -n 200 --ansi | less -R',
    )
    .action(peek);
}

async function peek(asked: string | undefined, options: PeekOptions): Promise<void> {
  const lines = linesOf(options.lines);
  const target = await goToMachine(asked);
  const client = await ensureDaemon(process.env);
  const one = await viewable(client, target);
  const ansi = options.ansi === true;
  const far = elsewhere();
  const socket = far ? '' : await viewerSocket(client, one);
  const of = { ansi, ...(lines !== undefined && { lines }) };
  let shown: string | undefined;
  if (options.follow) process.once('SIGINT', () => process.exit(0));
  for (;;) {
    const text = await (far ? far.screen(one.id, of) : readScreen(socket, of));
    if (text !== shown && options.json)
      process.stdout.write(`${JSON.stringify({ id: one.id, text }, null, options.follow ? 0 : 2)}\n`);
    else if (text !== shown) process.stdout.write(`${ansi ? text : forTerminal(text)}\n`);
    if (!options.follow) return;
    shown = text;
    await new Promise((resolve) => setTimeout(resolve, followEveryMs));
  }
}

function linesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new ClaudexError('USAGE', `"${text}" is no number of lines.`);
  return Number(text);
}
