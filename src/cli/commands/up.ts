/** Sessions that are declared in a file: up starts what is missing, down stops them. */
import type { Command } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { toClaudexError } from '../../errors/claudex-error.ts';
import { settled, whatItAsks } from '../managed/settled.ts';
import { stopNow } from '../managed/stop-now.ts';
import { bringUp, isSame, planUp, type UpStep } from '../sessions-file/bring-up.ts';
import { readSessionsFile } from '../sessions-file/read-sessions-file.ts';
import { printError } from '../text/print-error.ts';

interface Options {
  dryRun?: boolean;
  now?: boolean;
  json?: boolean;
}

/** One line of what was done, or would be. */
interface Done {
  name: string;
  id: string | null;
  cwd: string;
  action: string;
  state: string | null;
  waitingFor?: string | null;
}

const done = { start: 'started', resume: 'resumed', runs: 'runs' } as const;

export function addUp(program: Command): void {
  program
    .command('up')
    .argument('[file]', 'claudex.sessions.json; without it the one here, else the one in the claudex folder')
    .description('start the managed sessions that a file declares; what runs is left as it is')
    .option('--dry-run', 'say what it would do, and do nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex up --dry-run\n  claudex up ~/work/claudex.sessions.json')
    .action(up);
}

export function addDown(program: Command): void {
  program
    .command('down')
    .argument('[file]', 'as for up')
    .description(
      'stop the managed sessions that a file declares, after their turns; their schedules rest until they are up again',
    )
    .option('--now', 'at once, in the middle of a turn too')
    .option('--dry-run', 'say what it would do, and do nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex down\n  claudex down --now ~/work/claudex.sessions.json')
    .action(down);
}

async function up(file: string | undefined, options: Options): Promise<void> {
  const { sessions } = await readSessionsFile(file);
  const client = await ensureDaemon(process.env);
  const steps = planUp(sessions, await client.managed());
  if (options.dryRun) return print(steps.map(planned), options);
  const results: Done[] = [];
  const started: Array<{ id: string; name: string; result: Done }> = [];
  for (const step of steps) {
    await each(async () => {
      const { id, name, cwd, state } = await bringUp(client, step);
      const result: Done = { name: step.declared.name, id, cwd, action: actionOf(step, done[step.action]), state };
      results.push(result);
      if (step.action !== 'runs') started.push({ id, name: name ?? id, result });
    });
  }
  // all of them are on their way: what claude asks is told of each
  for (const { id, name, result } of started) {
    await each(async () => {
      const session = await settled(client, id);
      result.state = session?.state ?? result.state;
      result.waitingFor = session?.waitingFor ?? null;
      const asks = whatItAsks(name, session);
      if (asks !== undefined) process.stderr.write(`${name}: ${asks}`);
    });
  }
  print(results, options);
}

async function down(file: string | undefined, options: Options): Promise<void> {
  const { sessions } = await readSessionsFile(file);
  const client = await ensureDaemon(process.env);
  const managed = await client.managed();
  const results: Done[] = [];
  for (const declared of sessions) {
    const record = managed.find((one) => isSame(declared, one));
    const result = { name: declared.name, id: record?.id ?? null, cwd: declared.folder, state: record?.state ?? null };
    if (!record || record.state === 'stopped') {
      results.push({ ...result, action: record ? 'is stopped' : 'is not there' });
    } else if (options.dryRun) results.push({ ...result, action: 'would be stopped' });
    else {
      await each(async () => {
        const { state } = await (options.now ? stopNow(client, record.id) : client.changeManaged(record.id, 'stop'));
        const action = state === 'stopped' ? 'stopped' : options.now ? 'stops' : 'stops after its turn';
        results.push({ ...result, state, action });
      });
    }
  }
  print(results, options);
}

/** Each on its own: one that fails keeps none of the others from it. The exit code is that of the last failure. */
async function each(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const known = toClaudexError(error);
    printError(known);
    process.exitCode = known.exitCode;
  }
}

function planned(step: UpStep): Done {
  const { declared, record, action } = step;
  const would = { start: 'would be started', resume: 'would be resumed', runs: 'runs' }[action];
  return {
    name: declared.name,
    id: record?.id ?? null,
    cwd: declared.folder,
    action: actionOf(step, would),
    state: record?.state ?? null,
  };
}

function actionOf({ setsSchedule }: UpStep, action: string): string {
  return setsSchedule ? `${action}, with another schedule` : action;
}

function print(results: readonly Done[], { json }: Options): void {
  if (json) return void process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  const width = Math.max(...results.map(({ name }) => name.length), 0);
  for (const { name, action, id } of results) {
    process.stdout.write(`${name.padEnd(width)}  ${action}${id === null ? '' : ` (${id})`}\n`);
  }
}
