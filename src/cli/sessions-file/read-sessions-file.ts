/** Finds and reads `claudex.sessions.json` (JSON with comments). */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { opensSession } from '../../claude/command-line/invocation.ts';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { claudexPaths, userHome } from '../../home/paths.ts';
import { folderOf } from '../managed/folder-of.ts';
import type { DeclaredSession, SchemaIssue } from './sessions-schema.ts';

export const sessionsFileName = 'claudex.sessions.json';

/** What is wrong is said of so many places at most. */
const maxIssues = 10;

export interface SessionsFile {
  path: string;
  /** `folder` is the physical path. */
  sessions: DeclaredSession[];
}

/** The file that is named, else the one here, else the one in the claudex folder. @throws ClaudexError NO_SESSIONS_FILE, BAD_SESSIONS_FILE */
export async function readSessionsFile(named: string | undefined): Promise<SessionsFile> {
  const path = named === undefined ? foundFile() : resolve(named);
  const text = readText(path);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const bad = (found: readonly Place[]): ClaudexError => {
    const inOrder = [...found].sort((a, b) => a.line - b.line).map(({ line, what }) => `line ${line}: ${what}`);
    const more = inOrder.length - maxIssues;
    const details = [...inOrder.slice(0, maxIssues), ...(more > 0 ? [`and ${more} more`] : [])];
    return new ClaudexError('BAD_SESSIONS_FILE', path, { details });
  };
  if (errors.length > 0 || !tree) {
    throw bad(errors.map(({ error, offset }) => ({ line: lineOf(text, offset), what: syntaxWords(error) })));
  }
  const { checkSessions } = await import('./sessions-schema.ts');
  const checked = checkSessions(getNodeValue(tree));
  if ('issues' in checked) throw bad(checked.issues.map((issue) => placeOf(issue, tree, text)));
  const issues: SchemaIssue[] = [];
  const sessions = checked.sessions.map((one, index) => {
    const wrong = (field: string, message: string) => issues.push({ path: ['sessions', index, field], message });
    if (!opensSession(one.args)) wrong('args', `With ${one.args.join(' ')} claude opens no session.`);
    return { ...one, folder: folderIn(dirname(path), one.folder, (message) => wrong('folder', message)) };
  });
  if (issues.length > 0) throw bad(issues.map((issue) => placeOf(issue, tree, text)));
  return { path, sessions };
}

/** The physical path; the folder as it is given after `wrong` was told that there is none. */
function folderIn(base: string, given: string, wrong: (message: string) => void): string {
  const expanded = given === '~' || given.startsWith('~/') ? `${userHome()}${given.slice(1)}` : given;
  try {
    return folderOf(resolve(base, expanded));
  } catch (cause) {
    if (!(cause instanceof ClaudexError)) throw cause;
    wrong(cause.facts);
    return given;
  }
}

function foundFile(): string {
  const places = [resolve(sessionsFileName), join(claudexPaths().home, sessionsFileName)];
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new ClaudexError('NO_SESSIONS_FILE', `Looked for ${places.join(' and ')}.`);
  return found;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ClaudexError('NO_SESSIONS_FILE', `${path}: ${systemErrorCode(cause)}.`, { cause });
  }
}

interface Place {
  line: number;
  what: string;
}

/** `sessions[1].schedule.cron: …`, and its line; of a field that is missing, where its object begins. */
function placeOf({ path, message }: SchemaIssue, tree: Node, text: string): Place {
  let node: Node | undefined;
  for (let length = path.length; node === undefined && length >= 0; length--) {
    node = findNodeAtLocation(tree, path.slice(0, length));
  }
  const field = path.reduce<string>((all, part) => {
    if (typeof part === 'number') return `${all}[${part}]`;
    return all === '' ? part : `${all}.${part}`;
  }, '');
  return { line: lineOf(text, node?.offset ?? 0), what: `${field === '' ? '' : `${field}: `}${message}` };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** What the reader of JSON calls a mistake, in words. */
function syntaxWords(error: ParseError['error']): string {
  const name = printParseErrorCode(error);
  return syntaxErrors[name] ?? name;
}

const syntaxErrors: Partial<Record<string, string>> = {
  InvalidSymbol: 'That is no value: a text stands in double quotes.',
  InvalidNumberFormat: 'That is no number.',
  PropertyNameExpected: 'The name of a field is missing; it stands in double quotes.',
  ValueExpected: 'A value is missing.',
  ColonExpected: 'A colon is missing.',
  CommaExpected: 'A comma is missing.',
  CloseBraceExpected: 'A closing brace is missing.',
  CloseBracketExpected: 'A closing bracket is missing.',
  EndOfFileExpected: 'There is something behind the end.',
  UnexpectedEndOfComment: 'A comment has no end.',
  UnexpectedEndOfString: 'A text has no end: its closing quote is missing.',
  InvalidCharacter: 'There is a character that no text may hold.',
  InvalidEscapeCharacter: 'There is no such escape in a text.',
};
