/**
 * Looking for a message's mark in claude's transcript (JSONL, append-only; one file per session_id).
 * A mark that stands in the transcript has been put in: it must not be put in again.
 */
import { statSync } from 'node:fs';
import { systemErrorCode } from '../../errors/claudex-error.ts';
import { reportOnce } from '../../process/guard.ts';
import { standingOf } from './mark-standing.ts';
import { readBlocks, readLines } from './read-blocks.ts';
import { parseRecord, type TranscriptRecord } from './record.ts';

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
  /** The transcript is there, or may be, and could not be read: that nothing was found says nothing. */
  onUnreadable?: () => void;
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
 * words. What only quotes it (a tool's output, claude's own text, a line within a prompt) does not count. Reads in blocks: memory
 * stays small. Undefined when it is not there.
 */
export function findMark(path: string, mark: string, fromByte = 0, options: MarkOptions = {}): MarkFound | undefined {
  return reading(
    path,
    undefined,
    () => {
      let found: MarkFound | undefined;
      for (const record of recordsWith(path, mark, fromByte)) {
        if (!isYoungEnough(record, options.notBefore)) continue;
        const standing = standingOf(record, mark, options.inToolResults);
        if (standing === 'queued') found ??= { promptId: null, onlyQueued: true };
        if (standing !== 'in') continue;
        if (record.promptId !== undefined) return { promptId: record.promptId, onlyQueued: false };
        found = { promptId: null, onlyQueued: false };
      }
      return found;
    },
    options.onUnreadable,
  );
}

/** How much of a turn is read to find its answer. */
const maxTurnBytes = 16 << 20;

/**
 * The last text claude wrote in the turn whose prompt carries `mark`, if that turn came to its end
 * (`stop_reason: end_turn`); undefined when it was interrupted or is still running.
 */
export function findAnswer(path: string, mark: string): string | undefined {
  return reading(path, undefined, () => {
    let isTurn = false;
    let answer: string | undefined;
    /** The last turn's end before the prompt. */
    let before: { text: string; at: string } | undefined;
    // the first line may be the end of one, which is no record
    for (const { bytes } of readLines(path, Math.max(0, statSync(path).size - maxTurnBytes))) {
      const isMarked = bytes.includes(mark);
      const record = isTurn || isMarked || bytes.includes('"end_turn"') ? parseRecord(bytes) : undefined;
      if (!record) continue;
      if (isMarked && standingOf(record, mark) === 'in') {
        // the last prompt with that mark counts
        isTurn = true;
        // 2.1.197 has been seen to write a first answer before its prompt
        answer = before && before.at > (record.timestamp ?? before.at) ? before.text : undefined;
      } else if (isTurn && !record.isSidechain) {
        if (record.type === 'user' && record.origin?.kind === 'human' && record.promptId !== undefined) isTurn = false;
        else answer = finalText(record) ?? answer;
      } else if (!isTurn && !record.isSidechain) {
        const text = finalText(record);
        if (text !== undefined && record.timestamp !== undefined) before = { text, at: record.timestamp };
      }
    }
    return answer;
  });
}

/** What a record says as the end of its turn. */
function finalText({ type, message }: TranscriptRecord): string | undefined {
  if (type !== 'assistant' || message?.stop_reason !== 'end_turn' || !Array.isArray(message.content)) return undefined;
  const text = message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
  return text === '' ? undefined : text;
}

/** True when claude has said there that it holds the message with that mark back until a person has agreed (2.1.330, 2.1.332). */
export function findHeld(path: string, messageId: string, fromByte = 0): boolean {
  const quoted = `«claudex ${messageId} from `;
  return reading(path, false, () => {
    for (const { type, content } of recordsWith(path, quoted, fromByte)) {
      if (type === 'system' && typeof content === 'string' && content.startsWith('Held peer message')) return true;
    }
    return false;
  });
}

/** A record of unknown age proves nothing where age matters. */
function isYoungEnough({ timestamp }: TranscriptRecord, notBefore: number | undefined): boolean {
  return notBefore === undefined || Date.parse(timestamp ?? '') >= notBefore;
}

/** Every record from `fromByte` on in whose line `text` stands, however long. The line that is being written is not whole. */
function* recordsWith(path: string, text: string, fromByte: number): Generator<TranscriptRecord> {
  const needle = Buffer.from(text, 'utf8');
  for (const { bytes } of readBlocks(path, fromByte, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)) {
    for (let at = bytes.indexOf(needle); at !== -1; ) {
      const end = bytes.indexOf(0x0a, at);
      if (end === -1) break;
      const record = parseRecord(bytes.subarray(bytes.lastIndexOf(0x0a, at) + 1, end));
      if (record) yield record;
      at = bytes.indexOf(needle, end);
    }
  }
}

/** A transcript that cannot be opened or read says nothing: claude writes it with the first prompt, and it may be another user's. */
function reading<T>(path: string, missing: T, use: () => T, onUnreadable?: () => void): T {
  try {
    // a pipe in its place would hold us up
    return statSync(path).isFile() ? use() : missing;
  } catch (error) {
    if (!notThere.has(systemErrorCode(error) ?? '')) onUnreadable?.();
    return unreadable(path, error, missing);
  }
}

/** Such a path leads to no file, now and later. */
const notThere = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

function unreadable<T>(path: string, error: unknown, missing: T): T {
  if (systemErrorCode(error) !== 'ENOENT') reportOnce(`transcript ${path}`, error);
  return missing;
}
