import type { Command } from 'commander';
import { connectDaemon, ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
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
}

export function addList(program: Command): void {
  program
    .command('list')
    .description('show every running session on this machine')
    .option('--json', 'print JSON')
    .option('--here', 'only those of this folder and the folders below it')
    .option('--idle', 'only those that wait for a prompt')
    .option('--waiting', 'only those that wait for a person: a permission, a dialog')
    .option('-a, --all', 'also managed sessions that sleep or have ended')
    .option('-w, --watch', 'keep showing it, redrawn in place, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex list\n  claudex list --here --idle\n  claudex list --json | jq -r \'.[] | select(.state == "idle") | .name\'',
    )
    .action(async (options: ListOptions) => {
      if (options.watch) return watchSessions(options);
      const client = await ensureDaemon(process.env);
      print(options.all ? await everySession(client) : await client.sessions(), await client.questions(), options);
    });
}

/** Below the table what claude asks there. */
function print(all: readonly SessionRecord[], questions: readonly Question[], options: ListOptions): void {
  const here = options.here ? pathTarget('.') : undefined;
  const sessions = all.filter((one) => isWanted(one, options, here));
  if (options.json) return void process.stdout.write(`${JSON.stringify(sessions, null, 2)}\n`);
  const asked = questions.filter(({ state, session }) => state === 'open' && sessions.some(({ id }) => id === session));
  const lines = asked.map((one) => `\n${oneLine(one.name)} asks ${questionLine(one)}`);
  process.stdout.write(`${sessionTable(sessions, colours(process.stdout))}${lines.join('')}\n`);
}

/** `--idle --waiting` is either of them. */
function isWanted(session: SessionRecord, options: ListOptions, here: string | undefined): boolean {
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
  for (;;) {
    const client = (await connectDaemon(process.env)) ?? (await ensureDaemon(process.env));
    const events = await client.events();
    for await (const event of events) {
      if (event.type === 'message' && options.json) continue;
      const sessions = options.all ? await everySession(client) : await client.sessions();
      if (inPlace) process.stdout.write('\x1b[H\x1b[2J');
      print(sessions, await client.questions(), options);
      if (inPlace) process.stdout.write(`\nAs of ${new Date().toTimeString().slice(0, 8)}; Ctrl-C ends it.\n`);
    }
  }
}
