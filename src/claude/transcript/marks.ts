/**
 * Looking for a message's mark in claude's transcript (JSONL, append-only; one file per session_id).
 * A mark that stands in the transcript has been put in: it must not be put in again.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../errors/claudex-error.ts';
import { reportOnce } from '../../process/guard.ts';
import { type MarkRecord, parseMarkRecord, standingOf } from './mark-standing.ts';

const chunkBytes = 1 << 20;

/** What the transcript says of a mark that stands in it. */
export interface MarkFound {
  /** The turn it belongs to, where a record tells: equals the prompt_id of that turn's Stop hook, on both test versions. */
  promptId: string | null;
  /** True while it only stands in claude's own queue (typed or sent in mid-turn, not read yet). */
  onlyQueued: boolean;
}

/** Which records count, besides those of any prompt. */
export interface MarkOptions {
  /** A tool of ours was to bring the message: its result counts. */
  inToolResults?: boolean;
  /** Records of before that time (milliseconds since the epoch) prove nothing: a fork copies them from where it forks. */
  notBefore?: number;
}

/** Size in bytes; 0 when there is no such file yet, or none that can be read. */
export function transcriptSize(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    return unreadable(path, error, 0);
  }
}

/**
 * Looks `mark` up from `fromByte` on, in whole records that put words before the model, in the first or the last line of those
 * words. What only quotes it (a tool's output, claude's own text, a line within a prompt) does not count. Reads in chunks: memory
 * stays small. Undefined when it is not there.
 */
export function findMark(path: string, mark: string, fromByte = 0, options: MarkOptions = {}): MarkFound | undefined {
  return withFile(path, undefined, (fd) => {
    let found: MarkFound | undefined;
    for (const line of linesWith(fd, mark, fromByte)) {
      const record = parseMarkRecord(line);
      if (!record || !isYoungEnough(record, options.notBefore)) continue;
      const standing = standingOf(record, mark, options.inToolResults);
      if (standing === 'queued') found ??= { promptId: null, onlyQueued: true };
      if (standing !== 'in') continue;
      if (record.promptId !== undefined) return { promptId: record.promptId, onlyQueued: false };
      found = { promptId: null, onlyQueued: false };
    }
    return found;
  });
}

/** How much of a turn is read to find its answer. */
const maxTurnBytes = 16 << 20;

/**
 * The last text claude wrote in the turn whose prompt carries `mark`, if that turn came to its end
 * (`stop_reason: end_turn`); undefined when it was interrupted or is still running.
 */
export function findAnswer(path: string, mark: string): string | undefined {
  const lines = withFile(path, '', (fd) => {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, maxTurnBytes));
    const from = Math.max(0, fstatSync(fd).size - bytes.length);
    readSync(fd, bytes, 0, bytes.length, from);
    return bytes.toString('utf8');
  }).split('\n');
  const start = lines.findLastIndex((line) => {
    const record = line.includes(mark) ? parseMarkRecord(line) : undefined;
    return record !== undefined && standingOf(record, mark) === 'in';
  });
  if (start === -1) return undefined;
  let answer: string | undefined;
  for (const line of [...writtenTooEarly(lines, start), ...lines.slice(start + 1)]) {
    const record = parseMarkRecord(line);
    if (record?.isSidechain) continue;
    if (record?.type === 'user' && record.origin?.kind === 'human' && record.promptId !== undefined) break;
    if (record?.type !== 'assistant' || !Array.isArray(record.message?.content)) continue;
    const text = record.message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
    if (text !== '' && record.message.stop_reason === 'end_turn') answer = text;
  }
  return answer;
}

/** What is younger than the record at `start` though it stands before it: 2.1.197 writes the first answer before the first prompt. */
function writtenTooEarly(lines: readonly string[], start: number): string[] {
  const prompt = parseMarkRecord(lines[start]!)?.timestamp;
  if (prompt === undefined) return [];
  return lines.slice(Math.max(0, start - 20), start).filter((line) => {
    const at = parseMarkRecord(line)?.timestamp;
    return at !== undefined && at > prompt;
  });
}

/** True when claude has said there that it holds the message with that mark back until a person has agreed (2.1.330, 2.1.332). */
export function findHeld(path: string, messageId: string, fromByte = 0): boolean {
  const quoted = `«claudex ${messageId} from `;
  return withFile(path, false, (fd) => {
    for (const line of linesWith(fd, quoted, fromByte)) {
      const record = parseMarkRecord(line);
      if (record?.type === 'system' && record.content?.startsWith('Held peer message')) return true;
    }
    return false;
  });
}

/** A record of unknown age proves nothing where age matters. */
function isYoungEnough({ timestamp }: MarkRecord, notBefore: number | undefined): boolean {
  return notBefore === undefined || Date.parse(timestamp ?? '') >= notBefore;
}

/** Every whole line from `fromByte` on that holds `text`. The line that is being written is not whole. */
function* linesWith(fd: number, text: string, fromByte: number): Generator<string> {
  const needle = Buffer.from(text, 'utf8');
  const end = fstatSync(fd).size;
  let rest = Buffer.alloc(0);
  for (let position = fromByte; position < end; ) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, end - position));
    const read = readSync(fd, chunk, 0, chunk.length, position);
    if (read === 0) return;
    position += read;
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    for (let at = bytes.indexOf(needle); at !== -1 && at < whole; ) {
      const lineEnd = bytes.indexOf(0x0a, at);
      yield bytes.toString('utf8', bytes.lastIndexOf(0x0a, at) + 1, lineEnd);
      at = bytes.indexOf(needle, lineEnd);
    }
    rest = bytes.subarray(whole);
  }
}

/** Where a session's transcript is when no hook has told: `<config>/projects/<cwd, every other character a dash>/<session id>.jsonl`. */
export function guessTranscriptPath(configDir: string, cwd: string, sessionId: string): string {
  return join(configDir, 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'), `${sessionId}.jsonl`);
}

/** A transcript that cannot be opened or read says nothing: claude writes it with the first prompt, and it may be another user's. */
function withFile<T>(path: string, missing: T, use: (fd: number) => T): T {
  let fd: number | undefined;
  try {
    // a pipe in its place would hold us up
    if (!statSync(path).isFile()) return missing;
    fd = openSync(path, 'r');
    return use(fd);
  } catch (error) {
    return unreadable(path, error, missing);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function unreadable<T>(path: string, error: unknown, missing: T): T {
  if (systemErrorCode(error) !== 'ENOENT') reportOnce(`transcript ${path}`, error);
  return missing;
}
