/** Turns and search hits as text for people. What others wrote cannot act on the terminal. */
import type { ChalkInstance } from 'chalk';
import type { Step, ToolUse, Turn, TurnOrigin } from '../../claude/transcript/turn.ts';
import type { SearchHit } from '../../history/scan-transcript.ts';
import { printable } from '../../protocol/sanitise.ts';

const speakers: Record<TurnOrigin, string> = {
  person: 'you',
  program: 'program',
  peer: 'another session',
  notification: 'notification',
  command: 'command',
};
const addedBy = { hook: 'put in by a hook', queue: 'said meanwhile', command: 'output' } as const;
const maxToolLineChars = 100;

export interface TurnStyle {
  chalk: ChalkInstance;
  /** Tools with what they were given and what they gave back; else one line each. */
  wholeTools: boolean;
}

export function turnText(turn: Turn, style: TurnStyle): string {
  return [turnHeading(turn, style), ...turn.steps.map((step) => stepText(step, style)), turnEnding(turn, style)]
    .filter((part) => part !== '')
    .join('\n');
}

/** Number, speaker, time and prompt. */
export function turnHeading(turn: Turn, { chalk }: TurnStyle): string {
  const parts = [`${turn.index}`, speakers[turn.origin], localTime(turn.startedAt), lasted(turn)];
  const heading = chalk.bold(`── ${parts.filter((part) => part !== '').join(' · ')}`);
  const compacted = turn.compactedBefore ? `${chalk.dim('(conversation compacted)')}\n` : '';
  const prompt = indent(printable(turn.prompt).trimEnd(), '> ');
  return `${compacted}${heading}\n${chalk.cyan(prompt)}\n`;
}

/** One step, with an empty line after what is more than one line. */
export function stepText(step: Step, style: TurnStyle): string {
  const { chalk } = style;
  if (step.kind === 'text') return `${printable(step.text).trimEnd()}\n`;
  if (step.kind === 'added') {
    return `${chalk.dim(`(${addedBy[step.by]})`)}\n${chalk.dim(indent(printable(step.text).trimEnd(), '| '))}\n`;
  }
  return style.wholeTools ? `${toolLine(step, style)}\n${toolBody(step, style)}` : toolLine(step, style);
}

/** How it ended, where that is not by an answer. */
export function turnEnding(turn: Turn, { chalk }: TurnStyle): string {
  if (turn.outcome === 'interrupted') return `${chalk.yellow('(interrupted)')}\n`;
  if (turn.outcome === 'failed') return `${chalk.red('(failed)')}\n`;
  return turn.outcome === 'open' ? `${chalk.yellow('(no end yet)')}\n` : '';
}

/** A tool in one line: its name, what it was most likely about, how much came back. */
export function toolLine(tool: ToolUse, { chalk }: TurnStyle): string {
  const about = firstLine(printable(mainInput(tool.input)));
  const size = tool.result === null ? 'no result' : bytes(tool.resultBytes);
  const result = tool.isError ? chalk.red(`failed, ${size}`) : chalk.dim(size);
  return `  ${chalk.magenta(printable(tool.name))}  ${about}  ${result}`;
}

export function hitLines(hit: SearchHit, chalk: ChalkInstance): string {
  const label = hit.where === 'tool-input' ? (hit.tool ?? 'tool') : hit.where === 'tool-result' ? 'result' : hit.where;
  const head = `  ${chalk.cyan(String(hit.turn).padStart(4))}  ${printable(label).padEnd(8)}  `;
  const margin = ' '.repeat(16);
  const around = (lines: readonly string[]): string[] => lines.map((line) => chalk.dim(`${margin}${printable(line)}`));
  return [...around(hit.before), head + highlight(hit, chalk), ...around(hit.after)].join('\n');
}

/** `2026-01-31 14:03:21` in this computer's time zone. */
export function localTime(iso: string | null): string {
  const at = new Date(iso ?? Number.NaN);
  if (Number.isNaN(at.getTime())) return '';
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

function toolBody(tool: ToolUse, { chalk }: TurnStyle): string {
  const input = JSON.stringify(tool.input, null, 2).replaceAll('\\n', '\n');
  const result = tool.result === null ? '' : `\n${indent(printable(tool.result).trimEnd(), '    ')}`;
  return `${chalk.dim(indent(printable(input), '    '))}${result}\n`;
}

/** The input that tells most: a command, a path, a pattern, a prompt; else the first text. */
function mainInput(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const fields = input as Record<string, unknown>;
  const names = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt'];
  const name = names.find((one) => typeof fields[one] === 'string');
  const first = name === undefined ? Object.values(fields).find((one) => typeof one === 'string') : fields[name];
  return typeof first === 'string' ? first : '';
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0]!;
  const isWhole = line.length <= maxToolLineChars && line === text.trim();
  return isWhole ? line : `${line.slice(0, maxToolLineChars).toWellFormed()}…`;
}

function lasted(turn: Turn): string {
  const ms = Date.parse(turn.endedAt ?? '') - Date.parse(turn.startedAt ?? '');
  if (Number.isNaN(ms) || ms < 1000) return '';
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function indent(text: string, margin: string): string {
  return text
    .split('\n')
    .map((line) => `${margin}${line}`)
    .join('\n');
}

/** Control bytes go from each piece by itself: taken out before, they would move the places of the matches. */
function highlight(hit: SearchHit, chalk: ChalkInstance): string {
  let text = '';
  let done = 0;
  for (const [start, end] of hit.matches) {
    text += printable(hit.text.slice(done, start)) + chalk.bold.red(printable(hit.text.slice(start, end)));
    done = end;
  }
  return text + printable(hit.text.slice(done));
}
