import type { Command } from 'commander';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { systemClock } from '../../process/clock.ts';
import type { Question } from '../../protocol/question.ts';
import { questionTarget } from '../questions/question-target.ts';
import { showQuestion } from '../questions/show-question.ts';
import { colours } from '../text/render.ts';

interface WaitingOptions {
  json?: boolean;
  watch?: boolean;
}

export function addWaiting(program: Command): void {
  program
    .command('waiting [request]')
    .description('show what claude asks, in every session: permissions, questions, plans; one of them whole')
    .option('-w, --watch', 'print each change as it comes, until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
What is shown is what would run: the command whole, a diff for Edit and Write, and every character that a terminal would hide
written out (⟨U+202E⟩).

Examples:
  claudex waiting
  claudex waiting q-anwmzs
  claudex waiting --watch --json | jq -r .shown`,
    )
    .action(async (target: string | undefined, options: WaitingOptions) => {
      const client = await ensureDaemon(process.env);
      if (target !== undefined) return print([await asked(client, target)], options, true);
      if (options.watch) return watch(client, options);
      print(await open(client), options, false);
    });
}

async function open(client: DaemonClient): Promise<Question[]> {
  return (await client.questions()).filter(({ state }) => state === 'open');
}

/** To look at, a question may be as new as it likes. */
function asked(client: DaemonClient, target: string): Promise<Question> {
  return questionTarget(client, target, Number.POSITIVE_INFINITY);
}

function print(questions: readonly Question[], { json }: WaitingOptions, isOne: boolean): void {
  if (json) return void process.stdout.write(`${JSON.stringify(isOne ? questions[0] : questions, null, 2)}\n`);
  if (questions.length === 0) return void process.stdout.write('Claude asks nothing.\n');
  const options = { chalk: colours(process.stdout), now: systemClock.timeOfDay(), isWhole: isOne };
  process.stdout.write(`${questions.map((one) => showQuestion(one, options)).join('\n\n')}\n`);
}

/** What is open, then each change; survives a daemon that is replaced. */
async function watch(first: DaemonClient, options: WaitingOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(0));
  const chalk = colours(process.stdout);
  const say = (question: Question): void => {
    if (options.json) process.stdout.write(`${JSON.stringify(question)}\n`);
    else if (question.state === 'open') print([question], options, false);
    else process.stdout.write(`${chalk.dim(`${question.id}  ${outcome(question)}`)}\n`);
  };
  for (let client = first; ; client = await ensureDaemon(process.env)) {
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
