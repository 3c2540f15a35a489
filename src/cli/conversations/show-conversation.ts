/** `claudex history` and `claudex show`: conversations and single turns, for people and as JSON. */
import { rawText, type TextShape } from '../../claude/transcript/fold-turns.ts';
import { readTurn, readTurns } from '../../claude/transcript/read-turns.ts';
import type { Turn } from '../../claude/transcript/turn.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import {
  findConversation,
  listedConversations,
  type WhereToLook,
  whereToLook,
} from '../../history/find-conversation.ts';
import { redacted } from '../../history/redact.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { withoutAttribution } from '../../protocol/attribution.ts';
import { printable } from '../../protocol/sanitise.ts';
import { goToMachine } from '../far/go-to-machine.ts';
import { openOutput, type PagedOutput } from '../text/pager.ts';
import { age, colours, shortPath, table } from '../text/render.ts';
import { bytes, type TurnStyle, turnText } from '../text/render-turn.ts';
import { followConversation } from './follow-conversation.ts';

const minTitleChars = 20;
const maxTitleChars = 60;

export interface HistoryOptions {
  last: number;
  all?: boolean;
  raw?: boolean;
  tools?: boolean;
  follow?: boolean;
  list?: boolean;
  json?: boolean;
  pager: boolean;
}

/** `claudex history` */
export async function showHistory(asked: string | undefined, options: HistoryOptions): Promise<void> {
  const target = await goToMachine(asked);
  if (elsewhere()) return printTurns(await farTurns(target, options), options);
  const client = await ensureDaemon(process.env);
  const where = await whereToLook(client, claudeConfigDir(process.env));
  if (options.list) return list(target, where, options);
  const conversation = findConversation(pathTarget(target ?? '.'), where);
  if (options.follow) return followConversation(client, conversation, { ...options, shape: shapeOf(options) });
  const turns = readTurns(conversation.path, {
    shape: shapeOf(options),
    ...(!options.all && { last: options.last }),
  });
  await printTurns(turns, options);
}

/** So many the other machine tells at once. */
const mostFarTurns = 1000;

async function farTurns(target: string | undefined, options: HistoryOptions): Promise<Turn[]> {
  if (options.list || options.follow) {
    throw new ClaudexError('NOT_FROM_AFAR', `Asked for --${options.list ? 'list' : 'follow'}.`);
  }
  if (options.last === 0 && !options.all) return [];
  const last = options.all ? mostFarTurns : Math.min(options.last, mostFarTurns);
  return elsewhere()!.turns(pathTarget(target ?? '.'), { last, raw: options.raw === true });
}

async function printTurns(turns: Iterable<Turn>, options: HistoryOptions): Promise<void> {
  if (options.json) return printJson(turns);
  let count = 0;
  await page(options, async (output) => {
    const style = styleOf(options);
    for (const turn of turns) {
      count++;
      if (!(await output.write(`${turnText(turn, style)}\n`))) return;
    }
  });
  if (count === 0 && options.last > 0) process.stderr.write('Nothing was said in this conversation yet.\n');
}

/** `claudex show` */
export async function showTurn(asked: string, number: number, options: HistoryOptions): Promise<void> {
  const target = await goToMachine(asked);
  const turn = await turnOf(target, number, options);
  if (options.json) return void process.stdout.write(`${JSON.stringify(turn, null, 2)}\n`);
  const style = { ...styleOf(options), wholeTools: true };
  await page(options, async (output) => void (await output.write(turnText(turn, style))));
}

async function turnOf(target: string, number: number, options: HistoryOptions): Promise<Turn> {
  const far = elsewhere();
  if (far) return far.turn(pathTarget(target), number, options.raw === true);
  const where = await whereToLook(await ensureDaemon(process.env), claudeConfigDir(process.env));
  return readTurn(findConversation(pathTarget(target), where).path, number, shapeOf(options));
}

async function list(target: string | undefined, where: WhereToLook, options: HistoryOptions): Promise<void> {
  const cwd = target === undefined ? undefined : (findConversation(pathTarget(target), where).cwd ?? undefined);
  const found = [];
  for (const one of listedConversations(where, cwd)) {
    if (!options.all && found.length >= options.last) break;
    found.push(one);
  }
  if (options.json) return void process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  const chalk = colours(process.stdout);
  const aliases = new Map(where.names.map(({ alias, sessionId }) => [sessionId, alias]));
  const facts = found.map((one) => [
    one.sessionId,
    one.live ? 'live' : age(new Date(one.modifiedAt).toISOString()),
    bytes(one.bytes),
    shortPath(one.cwd ?? '?'),
  ]);
  const taken = facts.map((row) => row.join('  ').length + 2);
  // a row is one line where a terminal says how wide it is; a pipe takes the whole title
  const room = Math.max(
    minTitleChars,
    (process.stdout.columns ?? Number.POSITIVE_INFINITY) - Math.max(0, ...taken) - 8,
  );
  const rows = found.map((one, index) => {
    const title = aliases.get(one.sessionId) ?? one.title ?? withoutAttribution(one.firstPrompt ?? '');
    return [...facts[index]!, shortened(printable(title), Math.min(maxTitleChars, room))];
  });
  const header = ['SESSION ID', 'LAST', 'SIZE', 'FOLDER', 'NAME OR FIRST PROMPT'];
  const text = table(header, rows, (cell, column, row) =>
    row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell,
  );
  process.stdout.write(`${text}\n`);
}

function shortened(text: string, maxChars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > maxChars ? `${line.slice(0, maxChars).toWellFormed()}…` : line;
}

/** An array, written as it is read: a long conversation need not fit into memory. */
async function printJson(turns: Iterable<unknown>): Promise<void> {
  const output = openOutput(false);
  let separator = '[\n';
  for (const turn of turns) {
    if (!(await output.write(`${separator}${JSON.stringify(turn)}`))) return;
    separator = ',\n';
  }
  await output.write(separator === '[\n' ? '[]\n' : '\n]\n');
}

async function page(options: HistoryOptions, write: (output: PagedOutput) => Promise<void>): Promise<void> {
  const output = openOutput(options.pager);
  try {
    await write(output);
  } finally {
    await output.end();
  }
}

function shapeOf(options: HistoryOptions): TextShape {
  return options.raw ? rawText : redacted;
}

function styleOf(options: HistoryOptions): TurnStyle {
  return { chalk: colours(process.stdout), wholeTools: options.tools === true };
}
