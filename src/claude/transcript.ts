/**
 * Looking for a message's mark in claude's transcript (JSONL, append-only; one file per session_id).
 * A mark that stands in the transcript has been put in: it must not be put in again.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';

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

/** Looks `mark` up from `fromByte` on. Reads in chunks: memory stays small. Undefined when it is not there. */
export function findMark(path: string, mark: string, fromByte = 0): MarkFound | undefined {
  return withFile(path, undefined, (fd) => {
    const needle = Buffer.from(mark, 'utf8');
    const buffer = Buffer.alloc(chunkBytes + needle.length);
    let found: MarkFound | undefined;
    let position = fromByte;
    let kept = 0;
    for (;;) {
      const read = readSync(fd, buffer, kept, chunkBytes, position);
      if (read === 0) return found;
      const filled = kept + read;
      const bytes = buffer.subarray(0, filled);
      for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + needle.length)) {
        const head = recordHead(fd, position - kept + at);
        const promptId = /"promptId":"([^"]+)"/.exec(head)?.[1] ?? null;
        if (promptId !== null) return { promptId, onlyQueued: false };
        const queued = head.includes('"type":"queue-operation"');
        found = { promptId: null, onlyQueued: queued && (found?.onlyQueued ?? true) };
      }
      kept = Math.min(needle.length - 1, filled);
      buffer.copyWithin(0, filled - kept, filled);
      position += read;
    }
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
  const start = lines.findLastIndex((line) => line.includes(mark) && /"type":"(user|attachment)"/.test(line));
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
  promptId?: string;
  origin?: { kind?: string };
  message?: { stop_reason?: string | null; content?: string | Array<{ type?: string; text?: string }> };
}

function parseRecord(line: string): TranscriptRecord | undefined {
  try {
    return JSON.parse(line) as TranscriptRecord;
  } catch {
    return undefined; // the line being written, or the cut first one
  }
}

/** The record that holds byte `at`, from its start up to that byte (at most 64 KiB of it). */
function recordHead(fd: number, at: number): string {
  const before = Buffer.alloc(Math.min(at, 64 * 1024));
  readSync(fd, before, 0, before.length, at - before.length);
  return before.subarray(before.lastIndexOf(0x0a) + 1).toString('utf8');
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
