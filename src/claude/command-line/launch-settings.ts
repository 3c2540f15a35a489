/**
 * The `--settings` that carries our hooks and badge for one launch, so that the first run works with nothing installed
 * and nothing written to ~/.claude. Merged with the user's own `--settings`, which claude takes once only.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ClaudexSettings } from '../hooks/hook-settings.ts';

export interface LaunchSettingsOptions {
  cwd: string;
  statusLine: boolean;
  /** Puts a text into a file that only this user can read, and names it; undefined when there can be none. */
  asFile: (text: string) => string | undefined;
}

/**
 * `args` with our settings added. The user's own are merged: their keys win, their hooks stay. What they have in a file stays
 * in one: a command line is shown to every user of the machine, and has an end (128 KiB a word on Linux).
 * Settings of theirs that cannot be read are passed on untouched, for claude itself to complain about.
 */
export function withLaunchSettings(
  args: readonly string[],
  ours: ClaudexSettings,
  options: LaunchSettingsOptions,
): string[] {
  const wanted: Record<string, unknown> = {
    hooks: ours.hooks,
    ...(options.statusLine && { statusLine: ours.statusLine }),
  };
  const place = findLast(args, '--settings');
  if (!place) return ['--settings', JSON.stringify(wanted), ...args];
  const theirs = parseSettings(place.value, options.cwd);
  if (!theirs) return [...args];
  const merged = { ...wanted, ...theirs, hooks: mergeHooks(theirs.hooks, ours.hooks) };
  const json = JSON.stringify(merged);
  const text = isInline(place.value) ? json : options.asFile(json);
  if (text === undefined && isFile(resolve(options.cwd, place.value))) return [...args];
  const word = text ?? json; // a pipe (`<(…)`) has been read now, and is empty for claude
  const rest = [...args];
  rest.splice(place.index, place.words, ...(place.words === 2 ? ['--settings', word] : [`--settings=${word}`]));
  return rest;
}

/** False when claude is told to leave the user's settings alone (`--setting-sources project`), and with them the hooks in them. */
export function readsUserSettings(args: readonly string[]): boolean {
  const sources = findLast(args, '--setting-sources')?.value;
  return sources === undefined || sources.split(',').some((source) => source.trim() === 'user');
}

/** Of several the last one, which is the one that claude takes (measured on 2.1.197 and 2.1.330). */
function findLast(args: readonly string[], option: string): { index: number; words: 1 | 2; value: string } | undefined {
  let found: ReturnType<typeof findLast>;
  for (let index = 0; index < args.length && args[index] !== '--'; index++) {
    const word = args[index]!;
    if (word.startsWith(`${option}=`)) found = { index, words: 1, value: word.slice(option.length + 1) };
    if (word !== option || args[index + 1] === undefined) continue;
    found = { index, words: 2, value: args[index + 1]! };
    index++;
  }
  return found;
}

/** Claude takes a JSON text or the path of a file. */
function isInline(value: string): boolean {
  return value.trimStart().startsWith('{');
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function parseSettings(value: string, cwd: string): Record<string, unknown> | undefined {
  try {
    const text = isInline(value) ? value : readFileSync(resolve(cwd, value), 'utf8');
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // not ours to judge
  }
}

function mergeHooks(theirs: unknown, ours: ClaudexSettings['hooks']): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...(typeof theirs === 'object' && theirs !== null ? theirs : {}) };
  for (const [event, entries] of Object.entries(ours)) {
    const existing = merged[event];
    merged[event] = Array.isArray(existing) ? [...existing, ...entries] : entries;
  }
  return merged;
}
