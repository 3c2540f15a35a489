import { hostname, userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { systemClock } from '../../process/clock.ts';
import type { Answer, Question } from '../../protocol/question.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import { wordsToAnswers } from '../../protocol/words-to-answers.ts';
import { goToMachine } from '../far/go-to-machine.ts';
import { questionTarget } from '../questions/question-target.ts';

interface Common {
  json?: boolean;
}

const targetHelp = `
A request is the id that \`claudex waiting\` shows, or the session that asks, where it asks one thing only (id, name or folder); on another
machine of the mesh with that machine behind it: q-anwmzs@devbox, api@devbox.
The first answer counts, here or in the terminal. Only the person may answer: inside a claude session this is refused.`;

export function addApprove(program: Command): void {
  program
    .command('approve <request>')
    .description('let claude do what it asks for')
    .option(
      '--always [number]',
      'from now on too: that one of claude’s own offers (without a number the first)',
      parseNumber,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', `${targetHelp}\n\nExamples:\n  claudex approve q-anwmzs\n  claudex approve api --always=2`)
    .action((target: string, { always, ...options }: Common & { always?: number | true }) =>
      give(target, options, () => ({
        decision: 'allow',
        ...(always !== undefined && { always: always === true ? 1 : always }),
      })),
    );
}

export function addDeny(program: Command): void {
  program
    .command('deny <request> [reason...]')
    .description('keep claude from what it asks for, and tell it why')
    .option('--stop', 'end its turn too, as Esc does; claude does not read the reason then')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${targetHelp}\n\nExamples:\n  claudex deny q-anwmzs "use the staging database"\n  claudex deny api --stop`,
    )
    .action((target: string, reason: string[], { stop, ...options }: Common & { stop?: boolean }) => {
      const message = reason.join(' ').trim();
      return give(target, options, () => ({
        decision: 'deny',
        ...(message !== '' && { message }),
        ...(stop === true && { stop }),
      }));
    });
}

export function addAnswer(program: Command): void {
  program
    .command('answer <request> [words...]')
    .description('answer a question of claude’s: options by number or label, or words of your own')
    .option('--to <number and answer...>', 'the answer to another of several questions: --to 2 "the blue one"')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${targetHelp}

Where several options may be chosen, give several: claudex answer q-anwmzs 1 3

Examples:
  claudex answer q-anwmzs 2
  claudex answer api "neither; ask me again after the tests"
  claudex answer q-anwmzs 1 --to 2 "Blue"`,
    )
    .action((target: string, words: string[], { to = [], ...options }: Common & { to?: string[] }) =>
      give(target, options, ({ kind, choices }) => {
        if (kind !== 'question') throw new ClaudexError('BAD_ANSWER', 'It asks for a yes or a no: approve or deny it.');
        return { decision: 'answer', answers: wordsToAnswers(choices, words, to) };
      }),
    );
}

async function give(asked: string, { json }: Common, answerTo: (question: Question) => Answer): Promise<void> {
  const target = await goToMachine(asked);
  const client = await ensureDaemon(process.env);
  const question = await questionTarget(client, target, systemClock.timeOfDay());
  const answer = question.state === 'open' ? answerTo(question) : ({ decision: 'allow' } as const);
  const given = await client.answerQuestion(question.id, { ...answer, via: 'command', by: personHere() });
  process.stdout.write(json ? `${JSON.stringify(given, null, 2)}\n` : `${outcome(given, answer)}\n`);
}

/** `Approved: Bash in api (q-anwmzs).` Claude may say only later whose answer it took, when a tool runs for long. */
function outcome({ id, name, tool, taken, always }: Question, { decision }: Answer): string {
  const done = { allow: 'Approved', deny: 'Denied', answer: 'Answered' }[decision];
  const fromNowOn = always === null ? '' : `, and from now on: ${always}`;
  const unsaid = taken === null ? ' Claude has it and goes on; it has not said yet whose answer it took.' : '';
  return `${done}: ${tool} in ${visibleLine(name)} (${id})${fromNowOn}.${unsaid}`;
}

function personHere(): string {
  try {
    return `${userInfo().username} on ${hostname()}`.slice(0, 200);
  } catch {
    return `the user on ${hostname()}`.slice(0, 200); // a uid without a name
  }
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It takes a number from 1.');
  return number;
}
