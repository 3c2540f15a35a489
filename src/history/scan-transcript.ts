/** Searching one transcript: raw bytes first, then the records that may match. Synchronous; runs in a worker thread. */

import { commandOutput } from '../claude/transcript/local-words.ts';
import { readBlocks } from '../claude/transcript/read-blocks.ts';
import { blocksOf, parseRecord, type TranscriptRecord, textOf } from '../claude/transcript/record.ts';
import { indexTurns } from '../claude/transcript/turn-index.ts';
import { isAnswer, turnStart } from '../claude/transcript/turn-start.ts';
import type { Matcher } from './search-query.ts';

export interface SearchHit {
  sessionId: string;
  path: string;
  cwd: string | null;
  /** The turn's number, from 1. */
  turn: number;
  /** Time of the record, ISO 8601. */
  at: string | null;
  /** Whose words they are. */
  where: 'prompt' | 'answer' | 'tool-input' | 'tool-result' | 'added';
  /** The tool, for its input and (where the record tells) its result. */
  tool: string | null;
  /** The line that matches, shortened around the match where it is very long. */
  text: string;
  /** Where in `text`; empty where masking took the match away. */
  matches: Array<[number, number]>;
  before: string[];
  after: string[];
}

export interface ScanOptions {
  /** Lines before and after. */
  context: number;
  maxHits: number;
  /** Applied to what is shown, not to what is matched. */
  mask: (text: string) => string;
  /** Called before and after the pattern is tried on a record: what else takes time with a large file is outside. */
  onRecord?: () => void;
}

export interface ScannedHit extends SearchHit {
  /** The record's id: the same in the copies that a fork makes. */
  uuid: string | null;
}

const maxLineChars = 240;
/** Records that are claude's own bookkeeping, by the beginning of their line: large, and nobody's words. */
const bookkeeping = /^\{"type":"(?!user|assistant|attachment)/;

export function* scanTranscript(
  file: { sessionId: string; path: string },
  matcher: Matcher,
  options: ScanOptions,
): Generator<ScannedHit> {
  let starts: number[] | undefined;
  let found = 0;
  for (const { offset, bytes } of readBlocks(file.path)) {
    for (let at = matcher.nextCandidate(bytes, 0); at !== -1; ) {
      const start = bytes.lastIndexOf(10, at) + 1;
      const newline = bytes.indexOf(10, at);
      const end = newline === -1 ? bytes.length : newline;
      const record = readRecord(bytes.subarray(start, end));
      if (record) {
        options.onRecord?.();
        const hits = [...hitsIn(record, matcher, options, options.maxHits - found)];
        options.onRecord?.();
        for (const hit of hits) {
          starts ??= indexTurns(file.path);
          yield { ...hit, ...file, cwd: record.cwd ?? null, turn: turnAt(starts, offset + start) };
        }
        found += hits.length;
        if (found >= options.maxHits) return;
      }
      at = end >= bytes.length ? -1 : matcher.nextCandidate(bytes, end + 1);
    }
  }
}

function readRecord(line: Buffer): TranscriptRecord | undefined {
  if (bookkeeping.test(line.toString('latin1', 0, 40))) return undefined;
  const record = parseRecord(line);
  return record?.isSidechain ? undefined : record;
}

/** The turn that holds the byte; what stands before the first prompt belongs to it. */
function turnAt(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low);
}

type RecordHit = Omit<ScannedHit, 'sessionId' | 'path' | 'cwd' | 'turn'>;

function* hitsIn(
  record: TranscriptRecord,
  matcher: Matcher,
  options: ScanOptions,
  maxHits: number,
): Generator<RecordHit> {
  let found = 0;
  for (const { where, tool, text } of searchedTexts(record)) {
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      const matches = matcher.matches(line);
      if (matches.length === 0) continue;
      const shown = options.mask(aroundMatch(line, matches[0]!));
      const context = (from: number, to: number): string[] =>
        lines.slice(Math.max(0, from), to).map((one) => options.mask(aroundMatch(one, [0, 0])));
      yield {
        uuid: record.uuid ?? null,
        at: record.timestamp ?? null,
        where,
        tool,
        text: shown,
        matches: matcher.matches(shown),
        before: context(index - options.context, index),
        after: context(index + 1, index + 1 + options.context),
      };
      if (++found >= maxHits) return;
    }
  }
}

interface SearchedText {
  where: SearchHit['where'];
  tool: string | null;
  text: string;
}

/** The words in a record that belong to the conversation. */
function* searchedTexts(record: TranscriptRecord): Generator<SearchedText> {
  const start = turnStart(record);
  if (start) return yield { where: 'prompt', tool: null, text: start.prompt };
  if (isAnswer(record)) {
    for (const block of blocksOf(record.message?.content)) {
      if (block.type === 'text') yield { where: 'answer', tool: null, text: block.text ?? '' };
      if (block.type !== 'tool_use') continue;
      for (const text of textsIn(block.input)) yield { where: 'tool-input', tool: block.name ?? null, text };
    }
  } else if (record.type === 'user' && !record.isCompactSummary) {
    const output = commandOutput(record);
    if (output !== undefined) yield { where: 'added', tool: null, text: output };
    for (const block of blocksOf(record.message?.content)) {
      if (block.type === 'tool_result') yield { where: 'tool-result', tool: null, text: textOf(block.content) };
    }
  } else if (record.type === 'attachment') {
    const { type, content, prompt } = record.attachment ?? {};
    if (type === 'queued_command') yield { where: 'added', tool: null, text: textOf(prompt) };
    if (type === 'hook_additional_context') {
      for (const text of textsIn(content)) yield { where: 'added', tool: null, text };
    }
  }
}

/** Every text in a JSON value. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) yield* textsIn(one);
}

function aroundMatch(line: string, [start, end]: [number, number]): string {
  if (line.length <= maxLineChars) return line;
  const spare = Math.max(0, maxLineChars - (end - start));
  const from = Math.max(0, Math.min(start - (spare >> 1), line.length - maxLineChars));
  const to = Math.max(end, from + maxLineChars);
  const cut = line.slice(from, Math.min(to, from + 4 * maxLineChars)).toWellFormed();
  return `${from > 0 ? '…' : ''}${cut}${to < line.length ? '…' : ''}`;
}
