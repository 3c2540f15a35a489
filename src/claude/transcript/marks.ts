/**
 * Looking for a message's mark in claude's transcript (JSONL, append-only; one file per session_id).
 * A mark that stands in the transcript has been put in: it must not be put in again.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../errors/claudex-error.ts';

const chunkBytes = 1 << 20;

/** What the transcript says of a mark that stands in it. */
export interface MarkFound {
  /** The turn it belongs to, where a record tells: equals the prompt_id of that turn's Stop hook, on both test versions. */
  promptId: string | null;
  /** True while it only stands in claude's own queue (typed or sent in mid-turn, not read yet). */
  onlyQueued: boolean;
}

/** Size in bytes; 0 when there is no such file yet. */
export function transcriptSize(path: string): number {
  return withFile(path, 0, (fd) => fstatSync(fd).size);
}

/**
 * Looks `mark` up from `fromByte` on, in whole records that put words before the model; what only quotes it (a tool's
 * output, claude's own text) does not count, unless a tool was to bring it (`inToolResults`). Reads in chunks: memory stays small. Undefined when it is not there.
 */
export function findMark(
  path: string,
  mark: string,
  fromByte = 0,
  options: { inToolResults?: boolean } = {},
): MarkFound | undefined {
  return withFile(path, undefined, (fd) => {
    let found: MarkFound | undefined;
    for (const line of linesWith(fd, mark, fromByte)) {
      const record = parseRecord(line);
      const standing = record && standingOf(record, mark, options.inToolResults);
      if (standing === 'queued') found ??= { promptId: null, onlyQueued: true };
      if (standing !== 'in') continue;
      if (record?.promptId !== undefined) return { promptId: record.promptId, onlyQueued: false };
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
    const record = line.includes(mark) ? parseRecord(line) : undefined;
    return record !== undefined && standingOf(record, mark) === 'in';
  });
  if (start === -1) return undefined;
  let answer: string | undefined;
  for (const line of lines.slice(start + 1)) {
    const record = parseRecord(line);
    if (record?.isSidechain) continue;
    if (record?.type === 'user' && record.origin?.kind === 'human' && record.promptId !== undefined) break;
    if (record?.type !== 'assistant' || !Array.isArray(record.message?.content)) continue;
    const text = record.message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
    if (text !== '' && record.message.stop_reason === 'end_turn') answer = text;
  }
  return answer;
}

interface TranscriptRecord {
  type?: string;
  isSidechain?: boolean;
  isCompactSummary?: boolean;
  promptId?: string;
  origin?: { kind?: string };
  message?: { stop_reason?: string | null; content?: string | Array<{ type?: string; text?: string }> };
  attachment?: { type?: string };
  /** Of a queue-operation. */
  operation?: string;
  content?: string;
}

/** Attachments that put somebody's words before the model: what a hook added, and a prompt read between tool calls. */
const carryingAttachments = new Set(['hook_additional_context', 'queued_command']);

/** A `user` record that shows what a `!command` or a slash command printed, not what somebody said. */
const localOutput = /^<(bash-(input|stdout|stderr)|local-command-\w+|command-\w+)>/;

/**
 * Where a mark stands in a record, if it does (measured on 2.1.197 and 2.1.330): typed, by socket and by wake it is the text
 * of a `user` record, by the hook routes a hook_additional_context; before a queued one is read, it is in a queue-operation.
 */
function standingOf(record: TranscriptRecord, mark: string, inToolResults = false): 'in' | 'queued' | undefined {
  if (record.isSidechain || record.isCompactSummary) return undefined;
  if (record.type === 'user') {
    const { content } = record.message ?? {};
    const words = inToolResults && Array.isArray(content) ? JSON.stringify(content) : promptText(content);
    return words.includes(mark) ? 'in' : undefined;
  }
  if (record.type === 'attachment' && carryingAttachments.has(record.attachment?.type ?? '')) {
    return JSON.stringify(record.attachment).includes(mark) ? 'in' : undefined;
  }
  const isQueued =
    record.type === 'queue-operation' && record.operation === 'enqueue' && record.content?.includes(mark);
  return isQueued ? 'queued' : undefined;
}

/** The words of a prompt; a tool's result has none. */
function promptText(content: string | Array<{ type?: string; text?: string }> | undefined): string {
  if (Array.isArray(content)) return content.map((one) => (one.type === 'text' ? (one.text ?? '') : '')).join('\n');
  return content === undefined || localOutput.test(content) ? '' : content;
}

function parseRecord(line: string): TranscriptRecord | undefined {
  try {
    return JSON.parse(line) as TranscriptRecord;
  } catch {
    return undefined; // the line being written, or the cut first one
  }
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

function withFile<T>(path: string, missing: T, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return missing; // claude writes it with the first prompt
    throw error;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
