import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon, nextDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { systemClock } from '../../process/clock.ts';
import type { Question } from '../../protocol/question.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { askEveryMachine } from '../far/every-machine.ts';
import { goToMachine, goToNamed, otherMachine } from '../far/go-to-machine.ts';
import { hasJustEnded, questionTarget } from '../questions/question-target.ts';
import { showInTerminal, showQuestion } from '../questions/show-question.ts';
import { colours } from '../text/render.ts';

interface WaitingOptions {
  machine?: string;
  mesh?: boolean;
  json?: boolean;
  watch?: boolean;
}

/** With the machine of the mesh that it comes from. */
type Asked = Question & { machine?: string };

export function addWaiting(program: Command): void {
  program
    .command('waiting [request]')
    .description('show what claude asks, in every session: permissions, questions, plans; one of them whole')
    .option('-w, --watch', 'print each change as it comes, until Ctrl-C')
    .option('--machine <name>', 'in the sessions of that machine of the mesh, where it allows that')
    .option('--mesh', 'in those of every machine that allows it as well')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
What is shown is what would run: the command whole, a diff for Edit and Write, and every character that a terminal would hide
written out (⟨U+202E⟩).

Examples:
  claudex waiting
  claudex waiting q-anwmzs
  claudex waiting --machine devbox
  claudex waiting --watch --json | jq -r .shown`,
    )
    .action(async (wanted: string | undefined, options: WaitingOptions) => {
      if (options.mesh && (wanted !== undefined || options.machine !== undefined || options.watch))
        throw new ClaudexError('USAGE', '--mesh goes with no request, no --machine and no --watch.');
      await goToNamed(options.machine);
      const target = await goToMachine(wanted);
      const client = await ensureDaemon(process.env);
      if (options.mesh) return print([...(await open(client)), ...(await openElsewhere())], options, false);
      if (target !== undefined) return print([await asked(client, target)], options, true);
      if (options.watch) return watch(client, options);
      const questions = await open(client);
      print(questions, options, false, options.json || otherMachine() ? [] : await inTerminals(client));
    });
}

/** Sessions that wait for a person with nothing that could be answered from here: trust, a log-in, a dialog, a permission that nobody relays. */
async function inTerminals(client: DaemonClient): Promise<SessionRecord[]> {
  const questions = await client.questions();
  const now = systemClock.timeOfDay();
  const asks = (id: string): boolean =>
    questions.some((one) => one.session === id && (one.state === 'open' || hasJustEnded([one], now)));
  return (await client.sessions()).filter(({ id, state }) => state === 'waiting' && !asks(id));
}

async function open(client: DaemonClient): Promise<Question[]> {
  return (await client.questions()).filter(({ state }) => state === 'open');
}

/** Of every machine that tells them. */
async function openElsewhere(): Promise<Asked[]> {
  const told = await askEveryMachine(({ client }) => open(client));
  return told.flatMap(({ machine, answer }) => answer.map((one) => ({ ...one, machine })));
}

/** To look at, a question may be as new as it likes. */
function asked(client: DaemonClient, target: string): Promise<Question> {
  return questionTarget(client, target, Number.POSITIVE_INFINITY);
}

function print(
  all: readonly Asked[],
  { json }: WaitingOptions,
  isOne: boolean,
  elsewhereOnly: readonly SessionRecord[] = [],
): void {
  const questions = all.map(withMachine);
  if (json) return void process.stdout.write(`${JSON.stringify(isOne ? questions[0] : questions, null, 2)}\n`);
  if (questions.length + elsewhereOnly.length === 0) return void process.stdout.write('Claude asks nothing.\n');
  const options = { chalk: colours(process.stdout), now: systemClock.timeOfDay(), isWhole: isOne };
  const shown = [
    ...questions.map((one) => showQuestion(asCalledHere(one), options)),
    ...elsewhereOnly.map((one) => showInTerminal(one, options)),
  ];
  process.stdout.write(`${shown.join('\n\n')}\n`);
}

/** One that a machine of the mesh has told is marked as its own. */
function withMachine(question: Asked): Asked {
  const machine = question.machine ?? otherMachine();
  return machine === undefined ? question : { ...question, machine };
}

/** The commands that are printed with it lead there. */
function asCalledHere({ machine, ...question }: Asked): Question {
  if (machine === undefined) return question;
  return { ...question, id: `${question.id}@${machine}`, name: `${question.name}@${machine}` };
}

/** What is open, then each change; survives a daemon that is replaced. */
async function watch(first: DaemonClient, options: WaitingOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(0));
  const chalk = colours(process.stdout);
  const say = (question: Question): void => {
    if (options.json) process.stdout.write(`${JSON.stringify(withMachine(question))}\n`);
    else if (question.state === 'open') print([question], options, false);
    else process.stdout.write(`${chalk.dim(`${question.id}  ${outcome(question)}`)}\n`);
  };
  for (let client = first; ; client = await nextDaemon(process.env)) {
    const events = await client.events();
    for (const question of await open(client)) say(question);
    for await (const event of events) if (event.type === 'question') say(event.question);
  }
}

function outcome({ state, via, by, reason, taken }: Question): string {
  if (state === 'withdrawn') return `withdrawn: ${reason}`;
  if (via === 'terminal') return 'answered in its terminal';
  return `answered by ${by}${taken === true ? ', and taken' : ''}`;
}
