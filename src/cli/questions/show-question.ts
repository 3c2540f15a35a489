/** A question for a person to read: what would run, and the commands that answer it; what became of it once it is over. */
import type { ChalkInstance } from 'chalk';
import { overText } from '../../protocol/over-text.ts';
import type { Question } from '../../protocol/question.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import { calledAs } from '../far/called-as.ts';
import { durationText } from '../text/durations.ts';
import { shortPath } from '../text/render.ts';

/** In a list; alone it is shown whole. */
const listedLines = 12;
const listedLineChars = 400;

export interface ShowOptions {
  chalk: ChalkInstance;
  now: number;
  /** All of it, however much there is. */
  isWhole: boolean;
}

export function showQuestion(question: Question, { chalk, now, isWhole }: ShowOptions): string {
  const { id, name, cwd, agent, tool, askedAt, suggestions, remote, reason, state } = question;
  const isOpen = state === 'open';
  const asks = isOpen
    ? { permission: `wants to use ${tool}`, question: 'asks', plan: 'has a plan' }[question.kind]
    : { permission: `wanted to use ${tool}`, question: 'asked', plan: 'had a plan' }[question.kind];
  const who = agent === null ? '' : ` (its ${visibleLine(agent)} agent)`;
  const where = chalk.dim(`${shortPath(cwd)}, ${durationText(now - askedAt)} ago`);
  const lines = [`${chalk.cyan(id)}  ${chalk.bold(visibleLine(name))}${who} ${asks}  ${where}`];
  // its input is not kept
  if (!isOpen) return [...lines, `  ${visibleLine(overText(question, now))}`].join('\n');
  lines.push(...bodyOf(question, isWhole).map((line) => `  ${line}`));
  if (!remote) lines.push(chalk.yellow(`  only in its terminal: ${reason ?? 'no hook waits for an answer'}`));
  else lines.push(...waysToAnswer(question).map((line) => chalk.dim(`  ${line}`)));
  for (const [index, { text }] of remote ? suggestions.entries() : []) {
    lines.push(chalk.dim(`  --always=${index + 1}: ${text}`));
  }
  return lines.join('\n');
}

/** A session that waits for a person in its terminal alone. */
export function showInTerminal(session: SessionRecord, { chalk }: Pick<ShowOptions, 'chalk'>): string {
  const { id, alias, name, cwd, waitingFor, supervised } = session;
  const head = `${chalk.cyan(id)}  ${chalk.bold(visibleLine(alias ?? name))} waits  ${chalk.dim(shortPath(cwd))}`;
  const where = supervised ? `: claudex attach ${id}` : '';
  return `${head}\n  ${visibleLine(waitingFor ?? 'a dialog')}\n${chalk.yellow(`  only in its terminal${where}`)}`;
}

function bodyOf({ id, shown }: Question, isWhole: boolean): string[] {
  const all = shown.split('\n');
  if (isWhole) return all;
  const lines = all.slice(0, listedLines).map((line) => {
    const more = line.length - listedLineChars;
    return more <= 0
      ? line
      : `${line.slice(0, listedLineChars)} … ${more} more characters: ${calledAs()} waiting ${id}`;
  });
  const more = all.length - lines.length;
  return more === 0 ? lines : [...lines, `… ${more} more lines: ${calledAs()} waiting ${id}`];
}

/** The commands that answer it, a line each. */
export function waysToAnswer({ id, kind, choices }: Pick<Question, 'id' | 'kind' | 'choices'>): string[] {
  if (kind !== 'question') return [`${calledAs()} approve ${id}`, `${calledAs()} deny ${id} "why"`];
  const rest = choices.slice(1).map((_, index) => ` --to ${index + 2} 1`);
  return [`${calledAs()} answer ${id} 1${rest.join('')}`];
}
