/**
 * Where the transcripts are: `<config dir>/projects/<folder, every character but letters and digits a dash>/<session id>.jsonl`.
 * One file is one conversation: `--resume` appends to it, `/clear` starts another, `--fork-session` copies it into another.
 * Subagents' own files lie one folder deeper and are not conversations.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readLines } from './read-blocks.ts';
import { parseRecord } from './record.ts';
import { turnStart } from './turn-start.ts';

export interface ConversationFile {
  sessionId: string;
  path: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  modifiedAt: number;
}

/** What its first records say. */
export interface ConversationHead {
  cwd: string | null;
  startedAt: string | null;
  firstPrompt: string | null;
  /** The name claude's `/rename` gave it, if it stands at the head or at the end. */
  title: string | null;
}

/** How far into a file its first prompt is looked for. */
const headBytes = 1 << 20;
const tailBytes = 16 << 10;
const fileName = /^([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/;

/** Claude cuts a longer name of a folder, and adds `-` and a number made of the whole (2.1.197 and 2.1.332, each in its own way). */
const longestSlug = 200;

/** The folder's name below `projects/`, before claude cuts it. Different folders may share one. */
export function projectSlug(cwd: string): string {
  return cwd.replaceAll(/[^a-zA-Z0-9]/g, '-');
}

/** Where a session's transcript is when no hook has told. */
export function guessTranscriptPath(configDir: string, cwd: string, sessionId: string): string {
  return join(configDir, 'projects', projectSlug(cwd), `${sessionId}.jsonl`);
}

/** The transcript at `path`; undefined when there is none that may be read. */
export function conversationFile(path: string): ConversationFile | undefined {
  const sessionId = fileName.exec(basename(path))?.[1];
  if (sessionId === undefined) return undefined;
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    return stat.isFile() ? { sessionId, path, bytes: stat.size, modifiedAt: stat.mtimeMs } : undefined;
  } catch {
    return undefined; // gone, a link that leads nowhere, or somebody else's (root's, after `sudo claude`)
  }
}

/** True for the name below `projects/` of a folder whose own name is cut off there. */
export function isCutSlug(slug: string): boolean {
  return slug.length > longestSlug;
}

/** Every conversation of a config dir, or of the folders that may be called `slug` there; the one written to last comes first. */
export function listConversations(configDir: string, slug?: string): ConversationFile[] {
  const projects = join(configDir, 'projects');
  const cut = slug !== undefined && isCutSlug(slug) ? `${slug.slice(0, longestSlug)}-` : undefined;
  const all = slug === undefined || cut !== undefined ? entries(projects) : [slug];
  const slugs = cut === undefined ? all : all.filter((one) => one.startsWith(cut));
  return slugs
    .flatMap((one) => entries(join(projects, one)).map((name) => conversationFile(join(projects, one, name)) ?? []))
    .flat()
    .sort((a, b) => b.modifiedAt - a.modifiedAt);
}

/**
 * Where the conversation with that id is, whatever claude has made of its folder's name: it cuts long ones (`projectSlug` does not).
 * Looks into every folder for that one name, so it is for where the path is not known.
 */
export function findConversation(configDir: string, sessionId: string): ConversationFile | undefined {
  const projects = join(configDir, 'projects');
  for (const slug of entries(projects)) {
    const found = conversationFile(join(projects, slug, `${sessionId}.jsonl`));
    if (found) return found;
  }
  return undefined;
}

/** The config dir that a transcript belongs to. */
export function configDirOf(transcriptPath: string): string {
  return dirname(dirname(dirname(transcriptPath)));
}

export function readConversationHead(file: Pick<ConversationFile, 'path' | 'bytes'>): ConversationHead {
  const head: ConversationHead = { cwd: null, startedAt: null, firstPrompt: null, title: null };
  for (const { bytes } of readLines(file.path, 0, headBytes)) {
    const record = parseRecord(bytes);
    if (!record) continue;
    head.cwd ??= record.cwd ?? null;
    head.title = record.customTitle ?? head.title;
    const start = turnStart(record);
    if (!start || start.tentative) continue;
    head.startedAt = record.timestamp ?? null;
    head.firstPrompt = start.prompt;
    break;
  }
  // the first line of the tail is cut and is no record
  for (const { bytes } of readLines(file.path, Math.max(0, file.bytes - tailBytes))) {
    if (bytes.includes('"customTitle"')) head.title = parseRecord(bytes)?.customTitle ?? head.title;
  }
  return head;
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // no such folder, or a file that lies among the folders
  }
}
