/** The end of a conversation, for whoever only glances at it: what was asked, said and done last. */
import { readLines } from './read-blocks.ts';
import { blocksOf, parseRecord, type TranscriptRecord, textOf } from './record.ts';
import { isAnswer, isInterruption, turnStart } from './turn-start.ts';

/**
 * As much of the end of the file is read, more only while it holds few words: 2.1.332 writes more than 100 kB of its own into a turn that says
 * one word (docs/claude-facts.md). A record longer than the last of them leaves nothing to show.
 */
const readBytes = [96 << 10, 384 << 10, 1536 << 10];
/** So many words are enough for whoever only glances at it. */
const enoughWords = 4;

/** What every record with words has in it; others are long, and need not be parsed. */
const marks = ['"type":"user"', '"type":"assistant"'];

export interface LastWord {
  who: 'person' | 'claude' | 'tool';
  text: string;
}

/** What stands in the last bytes of the transcript, the oldest first. @param size of the file, in bytes */
export function lastWords(path: string, size: number): LastWord[] {
  let words: LastWord[] = [];
  for (const bytes of readBytes) {
    words = wordsFrom(path, Math.max(0, size - bytes), size);
    if (words.length >= enoughWords || bytes >= size) break;
  }
  return words;
}

function wordsFrom(path: string, from: number, to: number): LastWord[] {
  const words: LastWord[] = [];
  // the first line may be the rest of one: no record then
  for (const { bytes } of readLines(path, from, to)) {
    const record = marks.some((mark) => bytes.includes(mark)) ? parseRecord(bytes) : undefined;
    if (record) words.push(...wordsOf(record));
  }
  return words;
}

function wordsOf(record: TranscriptRecord): LastWord[] {
  const start = turnStart(record);
  if (start) return [{ who: 'person', text: start.prompt }];
  if (isInterruption(record)) return [{ who: 'tool', text: 'interrupted' }];
  if (!isAnswer(record)) return [];
  return blocksOf(record.message?.content).flatMap((block): LastWord[] => {
    if (block.type === 'tool_use') return [{ who: 'tool', text: toolText(block.name ?? 'tool', block.input) }];
    const text = textOf([block]).trim();
    return text === '' ? [] : [{ who: 'claude', text }];
  });
}

/** The name of the tool, and the one of its inputs that tells most. */
function toolText(name: string, input: unknown): string {
  const fields = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const told = ['command', 'file_path', 'pattern', 'url', 'query', 'description', 'prompt'].find(
    (field) => typeof fields[field] === 'string',
  );
  return told === undefined ? name : `${name} ${fields[told] as string}`;
}
