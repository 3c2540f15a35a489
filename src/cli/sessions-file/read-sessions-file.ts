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
  const bad = (found: readonly string[]): ClaudexError =>
    new ClaudexError('BAD_SESSIONS_FILE', [`${path}:`, ...found.slice(0, maxIssues)].join('\n  '));
  if (errors.length > 0 || !tree) {
    const found = errors.map(({ error, offset }) => `line ${lineOf(text, offset)}: ${printParseErrorCode(error)}`);
    throw bad(found);
  }
  const { checkSessions } = await import('./sessions-schema.ts');
  const checked = checkSessions(getNodeValue(tree));
  if ('issues' in checked) throw bad(checked.issues.map((issue) => describe(issue, tree, text)));
  return { path, sessions: checked.sessions.map((one, index) => ({ ...one, folder: folder(one.folder, index) })) };

  function folder(given: string, index: number): string {
    const expanded = given === '~' || given.startsWith('~/') ? `${userHome()}${given.slice(1)}` : given;
    try {
      return folderOf(resolve(dirname(path), expanded));
    } catch (cause) {
      if (!(cause instanceof ClaudexError)) throw cause;
      throw bad([describe({ path: ['sessions', index, 'folder'], message: cause.facts }, tree!, text)]);
    }
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

/** `line 7: sessions[1].schedule.cron: …`; of a field that is missing, where its object begins. */
function describe({ path, message }: SchemaIssue, tree: Node, text: string): string {
  let node: Node | undefined;
  for (let length = path.length; node === undefined && length >= 0; length--) {
    node = findNodeAtLocation(tree, path.slice(0, length));
  }
  const field = path.reduce<string>((all, part) => {
    if (typeof part === 'number') return `${all}[${part}]`;
    return all === '' ? part : `${all}.${part}`;
  }, '');
  return `line ${lineOf(text, node?.offset ?? 0)}: ${field === '' ? '' : `${field}: `}${message}`;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
