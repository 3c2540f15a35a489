/** Is claudex installed? Asked by every `claudex` start, so it loads no library unless the settings hold comments. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type HookEventName,
  hookEvents,
  isClaudexCommand,
  isClaudexStatusLine,
} from '../src/claude/hooks/hook-settings.ts';
import { systemErrorCode } from '../src/errors/claudex-error.ts';
import { claudeConfigDir } from '../src/home/paths.ts';

export interface InstalledState {
  /** `partial`: some of our hooks, or the scripts they name, are missing. `unreadable`: install would refuse the file. */
  state: 'installed' | 'partial' | 'absent' | 'unreadable';
  /** True when each of those events reaches a script of ours that is there. */
  hooks: boolean;
  /** True when our status line (alone or around the user's) is set and its script is there. */
  statusLine: boolean;
  /** True when the user has a status line of their own that ours does not wrap. */
  userHasStatusLine: boolean;
  /** Why claude would run none of it all the same. */
  disabled?: string;
  /** Where it stops being the plain JSON that claude takes: `path:line:column`. */
  refused?: string;
  settingsPath: string;
}

/**
 * Reads the user's settings and says whether our entries are in them; never throws for what is in the file.
 * @param events that are to be there: those that the claude it is for knows
 */
export function readInstalledState(
  env: NodeJS.ProcessEnv,
  events: readonly HookEventName[] = hookEvents,
): InstalledState {
  const settingsPath = join(claudeConfigDir(env), 'settings.json');
  const nothing = { hooks: false, statusLine: false, userHasStatusLine: false, settingsPath };
  let text: string;
  try {
    text = readFileSync(settingsPath, 'utf8');
  } catch (error) {
    return { state: systemErrorCode(error) === 'ENOENT' ? 'absent' : 'unreadable', ...nothing };
  }
  const refusedAt = refusedPlace(settingsPath, text);
  const settings = parseSettings(text);
  if (!isObject(settings)) return { state: 'unreadable', ...nothing };
  const { hooks = {}, statusLine } = settings;
  if (!isObject(hooks) || !Object.values(hooks).every(Array.isArray)) return { state: 'unreadable', ...nothing };

  const commands = new Map(Object.entries(hooks).map(([event, groups]) => [event, ownCommands(groups as unknown[])]));
  const ownStatusLine =
    isObject(statusLine) && isClaudexStatusLine(statusLine.command) ? String(statusLine.command) : undefined;
  const hooksWork = events.every((event) => commands.get(event)?.some(isScriptThere));
  const anyHook = [...commands.values()].some((own) => own.length > 0);
  const statusLineWorks = ownStatusLine !== undefined && isScriptThere(ownStatusLine);
  const userHasStatusLine = statusLine !== undefined && !ownStatusLine;
  return {
    state: hooksWork ? 'installed' : anyHook || ownStatusLine ? 'partial' : 'absent',
    hooks: hooksWork,
    statusLine: statusLineWorks,
    userHasStatusLine,
    ...(refusedAt !== undefined && { refused: refusedAt }),
    ...(settings.disableAllHooks === true && { disabled: `disableAllHooks is true in ${settingsPath}` }),
    settingsPath,
  };
}

/**
 * Where claude stops reading its settings: it takes plain JSON, a byte-order mark before it, and nothing else (2.1.197, 2.1.332). We
 * read comments and trailing commas too. Undefined for a file that it takes.
 */
export function refusedPlace(path: string, text: string): string | undefined {
  const body = text.replace(/^\uFEFF/, '');
  try {
    if (body.trim() !== '') JSON.parse(body);
    return undefined;
  } catch {
    // not plain JSON
  }
  const { parse } = createRequire(import.meta.url)('jsonc-parser') as typeof import('jsonc-parser');
  const errors: import('jsonc-parser').ParseError[] = [];
  parse(body, errors, { allowTrailingComma: false, disallowComments: true });
  const before = body.slice(0, errors[0]?.offset ?? 0).split('\n');
  return `${path}:${before.length}:${before.at(-1)!.length + 1}`;
}

/** The settings value; blank text is `{}`, undefined means it cannot be parsed. */
function parseSettings(text: string): unknown {
  const body = text.replace(/^\uFEFF/, '');
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    // not plain JSON: perhaps comments
  }
  const { parse } = createRequire(import.meta.url)('jsonc-parser') as typeof import('jsonc-parser');
  const errors: import('jsonc-parser').ParseError[] = [];
  const value: unknown = parse(body, errors, { allowTrailingComma: true });
  return errors.length > 0 ? undefined : value;
}

function ownCommands(groups: unknown[]): string[] {
  return groups
    .flatMap((group) => (isObject(group) && Array.isArray(group.hooks) ? group.hooks : []))
    .map((handler: unknown) => (isObject(handler) ? handler.command : undefined))
    .filter((command): command is string => isClaudexCommand(command));
}

/** A guarded command does nothing once its script is gone. */
function isScriptThere(command: string): boolean {
  const word = /'(?:[^']|'\\'')*\/claudex-(?:hook|statusline)'/.exec(command)?.[0];
  if (!word) return false;
  try {
    accessSync(word.slice(1, -1).replaceAll("'\\''", "'"), constants.X_OK);
    return true;
  } catch {
    // missing or not executable
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
