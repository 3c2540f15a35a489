/**
 * From what a person or a model types to one conversation: a live session's, or one that has ended, by folder, by name or by
 * session id. Reads only the heads of files; who is live is told by the caller, who asks the daemon (whereToLook).
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import {
  type ConversationFile,
  type ConversationHead,
  configDirOf,
  isCutSlug,
  listConversations,
  projectSlug,
  readConversationHead,
} from '../claude/transcript/conversation-files.ts';
import type { DaemonClient } from '../daemon-client/client.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { findTarget } from '../protocol/find-target.ts';
import type { SessionName, SessionRecord } from '../protocol/session.ts';

export interface Conversation {
  /** Claude's own session id. */
  sessionId: string;
  /** The transcript; a session that was never spoken to has none yet. */
  path: string;
  cwd: string | null;
  /** The session that it is the present conversation of; null when it has ended. */
  live: SessionRecord | null;
}

export interface WhereToLook {
  /** Every live session, from the daemon. */
  sessions: readonly SessionRecord[];
  /** Names given with `claudex name`, those of ended sessions too. */
  names: readonly SessionName[];
  /** Claude's config dir of this environment; those of live sessions are added. */
  configDir: string;
}

/** Asks the daemon who is live and who is called what. */
export async function whereToLook(client: DaemonClient, configDir: string): Promise<WhereToLook> {
  const [sessions, names] = await Promise.all([client.sessions(), client.names()]);
  return { sessions, names, configDir };
}

/** The present conversation of a live session. @throws ClaudexError NO_SUCH_CONVERSATION before its first one */
function conversationOf(session: SessionRecord): Conversation {
  if (session.sessionId === null || session.transcriptPath === null) {
    throw new ClaudexError('NO_SUCH_CONVERSATION', `Session ${session.id} has not told of one yet.`);
  }
  return { sessionId: session.sessionId, path: session.transcriptPath, cwd: session.cwd, live: session };
}

/**
 * The conversation meant by `target`: a live session (id, name, folder) goes first; else one by the name that a session had, by session
 * id (eight characters or more of its beginning), by the folder's path (the one written to last) or by the folder's basename.
 * @throws ClaudexError AMBIGUOUS_TARGET, NO_SUCH_CONVERSATION, AMBIGUOUS_CONVERSATION (both list what there is)
 */
export function findConversation(target: string, where: WhereToLook): Conversation {
  const session = liveTarget(target, where.sessions);
  if (session) return conversationOf(session);
  const found = ended(target, where);
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new ClaudexError('NO_SUCH_CONVERSATION', `Asked for "${target}".`);
  const list = found.map((one) => `${one.sessionId} (${one.cwd ?? 'unknown folder'})`).join(', ');
  throw new ClaudexError('AMBIGUOUS_CONVERSATION', `"${target}" could be: ${list}.`);
}

function liveTarget(target: string, sessions: readonly SessionRecord[]): SessionRecord | undefined {
  try {
    return findTarget(target, sessions);
  } catch (error) {
    if (error instanceof ClaudexError && error.code === 'NO_SUCH_SESSION') return undefined;
    throw error;
  }
}

function ended(target: string, where: WhereToLook): Conversation[] {
  const named = where.names.find((one) => one.alias.toLowerCase() === target.toLowerCase());
  if (named?.sessionId) return byId(named.sessionId, where);
  return /^[0-9a-f]{8}[0-9a-f-]*$/i.test(target) ? byId(target.toLowerCase(), where) : byFolder(target, where);
}

/** A conversation with what a list shows of it. */
export interface ListedConversation extends ConversationFile, ConversationHead {
  live: SessionRecord | null;
}

/** Conversations that have at least one prompt, the one written to last first; of one folder where `cwd` is given. */
export function* listedConversations(where: WhereToLook, cwd?: string): Generator<ListedConversation> {
  for (const file of allFiles(where, cwd)) {
    const head = readConversationHead(file);
    // two folders may share the name that claude gives them below projects/
    if (head.firstPrompt === null || (cwd !== undefined && head.cwd !== null && head.cwd !== cwd)) continue;
    yield { ...file, ...head, live: liveSession(file, where) };
  }
}

/** Every transcript of every config dir that we know of, the one written to last first. */
export function allFiles(where: WhereToLook, cwd?: string): ConversationFile[] {
  const live = where.sessions.flatMap((one) => (one.transcriptPath === null ? [] : [one.transcriptPath]));
  const configDirs = new Set([where.configDir, ...live.map(configDirOf)].map((one) => resolve(one)));
  const slug = cwd === undefined ? undefined : projectSlug(cwd);
  const files = [...configDirs].flatMap((configDir) => listConversations(configDir, slug));
  return eachOnce(files).sort((a, b) => b.modifiedAt - a.modifiedAt);
}

/** Without the other ways to a file: a config dir may have two names, a project's folder may be linked to its old name. */
function eachOnce(files: readonly ConversationFile[]): ConversationFile[] {
  const paths = new Map<string, string[]>();
  return files.filter(({ sessionId, path }) => {
    const others = paths.get(sessionId) ?? [];
    paths.set(sessionId, [...others, path]);
    return !others.some((other) => realPath(other) === realPath(path));
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it has just been removed
  }
}

function byId(prefix: string, where: WhereToLook): Conversation[] {
  const files = allFiles(where).filter((one) => one.sessionId.startsWith(prefix));
  return files.map((file) => withHead(file, where));
}

function byFolder(target: string, where: WhereToLook): Conversation[] {
  if (target.startsWith('/')) {
    const cwd = target.length > 1 ? target.replace(/\/+$/, '') : target;
    for (const one of listedConversations(where, cwd)) return [toConversation(one)];
    return [];
  }
  const suffix = projectSlug(`/${target}`).toLowerCase();
  const newest = new Map<string, Conversation>();
  for (const file of allFiles(where)) {
    const slug = basename(dirname(file.path));
    if (!slug.toLowerCase().endsWith(suffix) && !isCutSlug(slug)) continue;
    const head = readConversationHead(file);
    if (head.firstPrompt === null || head.cwd === null || newest.has(head.cwd)) continue;
    if (basename(head.cwd).toLowerCase() !== target.toLowerCase()) continue;
    newest.set(head.cwd, { sessionId: file.sessionId, path: file.path, cwd: head.cwd, live: liveSession(file, where) });
  }
  return [...newest.values()];
}

function withHead(file: ConversationFile, where: WhereToLook): Conversation {
  const { cwd } = readConversationHead(file);
  return { sessionId: file.sessionId, path: file.path, cwd, live: liveSession(file, where) };
}

function toConversation({ sessionId, path, cwd, live }: ListedConversation): Conversation {
  return { sessionId, path, cwd, live };
}

function liveSession(file: ConversationFile, where: WhereToLook): SessionRecord | null {
  return where.sessions.find((one) => one.sessionId === file.sessionId) ?? null;
}
