/**
 * What the API answers of one transcript cost. Each answer stands in several records, one for each block of its content, all with the
 * answer's id; the last one has the whole of its tokens (docs/claude-facts.md#transcripts).
 */
import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readBlocks } from './read-blocks.ts';

export interface UsageRecord {
  /** The API's id of the answer. A fork copies it into its own transcript. */
  answerId: string;
  /** Where the record starts in the file, in bytes. */
  offset: number;
  /** Milliseconds since the epoch. */
  at: number;
  cwd: string | null;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Null where the record does not say: newer versions do not. */
  costUsd: number | null;
}

/** A quotation mark inside a text is escaped, so these bytes are never words of somebody. */
const usageKey = Buffer.from('"usage":{');
const assistantType = Buffer.from('"type":"assistant"');

/** A piece of a file: its records, and how far it goes. */
export interface UsagePiece {
  records: UsageRecord[];
  /** Up to where the file was read, in whole lines. */
  end: number;
}

/** The usage in a transcript from byte `from` (the start of a line) on, piece by piece. */
export function* readUsage(path: string, from = 0): Generator<UsagePiece> {
  for (const { offset, bytes } of readBlocks(path, from)) {
    const whole = bytes.lastIndexOf(10) + 1;
    const records: UsageRecord[] = [];
    for (let at = bytes.indexOf(usageKey); at !== -1 && at < whole; ) {
      const start = bytes.lastIndexOf(10, at) + 1;
      const end = bytes.indexOf(10, at);
      const line = bytes.subarray(start, end);
      const record = line.includes(assistantType) ? usageIn(line, offset + start) : undefined;
      if (record) records.push(record);
      at = bytes.indexOf(usageKey, end);
    }
    yield { records, end: offset + whole };
  }
}

/** The transcripts of a conversation's subagents: in a folder that has the conversation's name, and below it. */
export function subagentTranscripts(path: string): string[] {
  const folder = join(dirname(path), basename(path, '.jsonl'));
  return entries(folder).flatMap((entry) => {
    if (entry.isDirectory())
      return entries(join(folder, entry.name)).flatMap((one) => file(join(folder, entry.name), one));
    return file(folder, entry);
  });
}

function file(folder: string, entry: Dirent): string[] {
  return entry.isFile() && entry.name.endsWith('.jsonl') ? [join(folder, entry.name)] : [];
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it had no subagents
  }
}

function usageIn(line: Buffer, offset: number): UsageRecord | undefined {
  try {
    const { timestamp, cwd, costUSD, message } = JSON.parse(line.toString('utf8'));
    const { id, usage } = message;
    const at = Date.parse(timestamp);
    if (typeof id !== 'string' || typeof usage !== 'object' || Number.isNaN(at)) return undefined;
    return {
      answerId: id,
      offset,
      at,
      cwd: typeof cwd === 'string' ? cwd : null,
      inputTokens: count(usage.input_tokens),
      outputTokens: count(usage.output_tokens),
      cacheReadTokens: count(usage.cache_read_input_tokens),
      cacheWriteTokens: count(usage.cache_creation_input_tokens),
      costUsd: typeof costUSD === 'number' ? costUSD : null,
    };
  } catch {
    return undefined; // damaged, or of another shape
  }
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}
