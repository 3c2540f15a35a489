/** The real claude in a terminal, and what it leaves behind: session file and transcripts. */
import { readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { realClaudePath } from './claude-binary.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { type PtyDriver, startInPty } from './pty-driver.ts';
import { readIfExists, waitForFile } from './wait-for-file.ts';

export interface BareClaudeOptions {
  api?: { url: string };
  args?: readonly string[];
  cwd?: string;
  /** Passed as `--settings '<json>'`. */
  settings?: unknown;
  extraEnv?: Record<string, string>;
  cols?: number;
  rows?: number;
}

/** Starts the real claude, without claudex, in a terminal. */
export function startBareClaude(home: HermeticHome, options: BareClaudeOptions = {}): PtyDriver {
  const { api, args = [], cwd = home.cwd, settings, extraEnv, ...size } = options;
  const settingsArgs = settings === undefined ? [] : ['--settings', JSON.stringify(settings)];
  return startInPty(realClaudePath(), [...settingsArgs, ...args], { cwd, env: home.env(api, extraEnv), ...size });
}

/** What stands in claude's prompt box (a placeholder counts as text), or undefined while no prompt box is on the screen. */
export function promptBox(screen: string): string | undefined {
  const lines = screen.split('\n');
  const isRule = (line: string | undefined): boolean => line !== undefined && /^─{8}/.test(line);
  const bottom = lines.findLastIndex(isRule);
  const top = lines.slice(0, Math.max(bottom, 0)).findLastIndex(isRule);
  if (top < 0 || !lines[top + 1]?.startsWith('❯')) return undefined;
  return lines
    .slice(top + 1, bottom)
    .map((line) => line.replace(/^(❯| )[ \u00a0]?/, ''))
    .join('\n')
    .trimEnd();
}

/** Waits for claude's prompt box; with `content`, until exactly that stands in it. */
export async function waitForPromptBox(
  driver: PtyDriver,
  options: { content?: string; timeoutMs?: number } = {},
): Promise<string> {
  const { content, ...rest } = options;
  return await driver.waitForScreen((screen) => {
    const box = promptBox(screen);
    return content === undefined ? box !== undefined : box === content;
  }, rest);
}

/** Types a one-line prompt into the box, sees it there, and presses Enter. */
export async function submitPrompt(driver: PtyDriver, text: string): Promise<void> {
  driver.type(text);
  await driver.waitForScreen((screen) => promptBox(screen)?.replaceAll('\n', '').includes(text.slice(0, 40)) ?? false);
  driver.key('enter');
}

/**
 * Runs a command of claude's, from its menu. Enter that comes before the menu runs the command too, and then the menu puts it back
 * into the box, where it stays (measured on 2.1.197).
 */
export async function runFromMenu(driver: PtyDriver, command: string): Promise<void> {
  driver.type(command);
  await driver.waitForScreen((screen) =>
    screen.split('\n').some((line) => new RegExp(`^\\W*${command}\\s{2,}\\S`).test(line)),
  );
  driver.key('enter');
}

/** Claude's own word about one of its processes (docs/claude-facts.md#session-file). */
export interface ClaudeSessionFile {
  pid: number;
  sessionId: string;
  cwd: string;
  version: string;
  kind?: string;
  name?: string;
  status: string;
  waitingFor?: string;
  messagingSocketPath?: string;
}

function sessionFilePath(home: HermeticHome, pid: number): string {
  return join(home.home, '.claude', 'sessions', `${pid}.json`);
}

function parseSessionFile(text: string | undefined): ClaudeSessionFile | undefined {
  try {
    return text ? (JSON.parse(text) as ClaudeSessionFile) : undefined;
  } catch {
    // Expected: claude is in the middle of writing it.
    return undefined;
  }
}

/** The session file of that claude, or undefined when there is none. */
export function sessionFile(home: HermeticHome, pid: number): ClaudeSessionFile | undefined {
  return parseSessionFile(readIfExists(sessionFilePath(home, pid)));
}

/** Waits until the session file of that claude satisfies `wanted`: a status, or a predicate. */
export async function waitForSession(
  home: HermeticHome,
  pid: number,
  wanted: string | ((session: ClaudeSessionFile) => boolean),
  options: { timeoutMs?: number } = {},
): Promise<ClaudeSessionFile> {
  return await waitForFile(
    sessionFilePath(home, pid),
    (text) => {
      const session = parseSessionFile(text);
      const fits = session && (typeof wanted === 'string' ? session.status === wanted : wanted(session));
      return fits ? session : undefined;
    },
    { what: `session state ${wanted}`, ...options },
  );
}

/** One line of a transcript. */
export interface TranscriptRecord {
  type: string;
  uuid?: string;
  isMeta?: boolean;
  message?: { role: string; content: unknown };
  attachment?: { type: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** Every complete record of every transcript in this home. */
export function transcriptRecords(home: HermeticHome): TranscriptRecord[] {
  const projects = join(home.home, '.claude', 'projects');
  let files: string[];
  try {
    files = readdirSync(projects, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
  } catch {
    // Expected: nothing was said yet.
    return [];
  }
  return files.flatMap((file) =>
    readFileSync(join(projects, file), 'utf8')
      .split('\n')
      // The last line may still be on its way.
      .slice(0, -1)
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as TranscriptRecord),
  );
}

/** The text of a message's content: a string, or its text blocks joined. Tool results are not text. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((block: { type?: string; text?: string }) => (block?.type === 'text' ? (block.text ?? '') : ''))
    .join('\n');
}

/** Texts of all `user` records in this home's transcripts, in file order. */
export function userMessagesInTranscript(home: HermeticHome): string[] {
  return transcriptRecords(home)
    .filter((record) => record.type === 'user')
    .map((record) => contentText(record.message?.content))
    .filter((text) => text !== '');
}

/** Attachments that put somebody's words before the model; a queue entry or a hook's bookkeeping does not. */
const deliveringAttachments = new Set(['hook_additional_context', 'queued_command']);

function deliveredText(record: TranscriptRecord): string {
  if (record.type === 'user') return contentText(record.message?.content);
  if (record.attachment && deliveringAttachments.has(record.attachment.type)) return JSON.stringify(record.attachment);
  return '';
}

/** How many times words containing `needle` reached the conversation: the exactly-once check. */
export function countInTranscripts(home: HermeticHome, needle: string): number {
  const escaped = JSON.stringify(needle).slice(1, -1);
  const records = transcriptRecords(home).filter((record) => {
    const text = deliveredText(record);
    return text.includes(needle) || (record.attachment !== undefined && text.includes(escaped));
  });
  // A resumed or forked conversation copies its records, uuids included.
  return new Set(records.map((record, index) => record.uuid ?? `record ${index}`)).size;
}

/**
 * Checks that words with `needle` reached the conversation exactly once. Claude writes its transcript a little after it
 * reports, so the first one is waited for.
 */
export async function expectOnce(home: HermeticHome, needle: string, timeoutMs = 45_000): Promise<void> {
  const projects = join(home.home, '.claude', 'projects');
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(projects, { recursive: true }, () => look());
    const timer = setTimeout(() => {
      watcher.close();
      reject(
        new Error(`${needle} did not reach a transcript; user messages: ${userMessagesInTranscript(home).join('\n')}`),
      );
    }, timeoutMs);
    const look = (): void => {
      if (countInTranscripts(home, needle) === 0) return;
      clearTimeout(timer);
      watcher.close();
      resolve();
    };
    look();
  });
  const count = countInTranscripts(home, needle);
  if (count !== 1) throw new Error(`${needle} reached the conversation ${count} times`);
}
