/** Our entries into and out of the text of Claude's settings. Pure: string in, string out; files are settings-file.ts's. */
import { getNodeValue, type Node } from 'jsonc-parser';
import { type ClaudexSettings, isClaudexStatusLine, shellQuote } from '../src/claude/hooks/hook-settings.ts';
import { emptyContainers, ensureHookGroup, parseSettings, removeHooks } from './hook-entries.ts';
import { appendChild, memberOf, propertyOf, removeChild, replaceNode } from './settings-text.ts';

const byteOrderMark = '\uFEFF';
const defaultFile = 'settings.json';

export interface AddOptions {
  /** Chain the user's own status line: its output, then our badge. One that is chained already stays so. */
  wrapStatusline: boolean;
  /** The file's name for errors. */
  file?: string;
}

export interface AddResult {
  text: string;
  /** What the user should know, one sentence each. */
  notes: string[];
  /** What was there, for `removeClaudexEntries`. */
  before: BeforeInstall;
}

/** What the settings held before our entries came: `install.json` remembers it. */
export interface BeforeInstall {
  /** The user's own status line, whole, or null. */
  statusLine: unknown;
  /** `hooks` and `hooks.<event>` that were there and empty: they stay when our entries leave. */
  emptyContainers: string[];
}

export interface RemoveOptions {
  file?: string;
  before?: BeforeInstall | undefined;
}

export interface RemoveResult {
  text: string;
  /** True when nothing but `{}` is left. */
  empty: boolean;
}

/**
 * Adds the claudex entries, or brings older ones up to date; every other byte stays.
 * Blank text becomes a new object. Existing hooks are kept beside ours; an existing status line wins unless it is to be wrapped.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE for text that is not a settings object.
 */
export function addClaudexEntries(text: string, entries: ClaudexSettings, options: AddOptions): AddResult {
  const file = options.file ?? defaultFile;
  const bom = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  let body = text.slice(bom.length);
  if (body.trim() === '') body = body.includes('\r\n') ? '{}\r\n' : '{}\n';
  const root = parseSettings(body, file);
  const before: BeforeInstall = { statusLine: userStatusLine(root) ?? null, emptyContainers: emptyContainers(root) };
  const notes: string[] = [];
  if (memberOf(root, 'disableAllHooks')?.value === true) {
    notes.push('disableAllHooks is true in this file: claude runs no hooks and no status line until it is taken out.');
  }
  for (const [event, groups] of Object.entries(entries.hooks)) {
    for (const group of groups) body = ensureHookGroup(body, file, event, group);
  }
  body = removeHooks(body, file, before.emptyContainers, (event) => !Object.hasOwn(entries.hooks, event));
  body = ensureStatusLine(body, file, entries.statusLine, options.wrapStatusline, notes);
  return { text: bom + body, notes, before };
}

/**
 * Takes every claudex entry (of any version) out again, and with it the arrays and objects that held nothing else.
 * A wrapped status line gets the user's own command back.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE for text that is not a settings object.
 */
export function removeClaudexEntries(text: string, options: RemoveOptions = {}): RemoveResult {
  const file = options.file ?? defaultFile;
  const bom = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  let body = text.slice(bom.length);
  if (body.trim() === '') return { text, empty: true };
  body = removeHooks(body, file, options.before?.emptyContainers ?? [], () => true);
  const root = parseSettings(body, file);
  const command = ownStatusLineCommand(root);
  if (command) {
    const theirs = wrappedCommand(command.value) ?? commandOf(options.before?.statusLine);
    if (theirs !== undefined) body = replaceNode(body, command, theirs);
    else body = removeChild(body, root, root.children!.indexOf(propertyOf(root, 'statusLine')!));
  }
  return { text: bom + body, empty: body.trim() === '{}' };
}

/** The user's own command inside a wrapped status line of ours, or undefined. */
export function wrappedCommand(command: string): string | undefined {
  const word = /\/claudex-statusline' ('(?:[^']|'\\'')*')$/.exec(command)?.[1];
  return word?.slice(1, -1).replaceAll("'\\''", "'");
}

function ensureStatusLine(
  body: string,
  file: string,
  ours: ClaudexSettings['statusLine'],
  wrap: boolean,
  notes: string[],
): string {
  const root = parseSettings(body, file);
  const node = memberOf(root, 'statusLine');
  if (!node) return appendChild(body, root, ours, 'statusLine');
  const own = ownStatusLineCommand(root);
  const theirs = own ? wrappedCommand(own.value) : commandOf(getNodeValue(node));
  if (!own && !wrap) {
    notes.push(
      'Your own status line is kept, so the badge is not shown; --wrap-statusline shows it behind your own output.',
    );
    return body;
  }
  if (!own && theirs === undefined) {
    notes.push('Your status line has no command that could be wrapped, so it is kept and the badge is not shown.');
    return body;
  }
  const command = theirs === undefined ? ours.command : `${ours.command} ${shellQuote(theirs)}`;
  const place = own ?? memberOf(node, 'command')!;
  return place.value === command ? body : replaceNode(body, place, command);
}

function ownStatusLineCommand(root: Node): Node | undefined {
  const node = memberOf(root, 'statusLine');
  const command = node?.type === 'object' ? memberOf(node, 'command') : undefined;
  return isClaudexStatusLine(command?.value) ? command : undefined;
}

function userStatusLine(root: Node): unknown {
  const node = memberOf(root, 'statusLine');
  return node && !ownStatusLineCommand(root) ? getNodeValue(node) : undefined;
}

function commandOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('command' in value)) return undefined;
  return typeof value.command === 'string' && value.command.trim() !== '' ? value.command : undefined;
}
