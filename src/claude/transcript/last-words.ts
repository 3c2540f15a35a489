/** The end of a conversation, for whoever only glances at it: what was asked, said and done last. */
import { readLines } from './read-blocks.ts';
import { blocksOf, parseRecord, type TranscriptRecord, textOf } from './record.ts';
import { isAnswer, isInterruption, turnStart } from './turn-start.ts';

/** As much of the end of the file is read; a longer last record leaves nothing to show. */
const readBytes = 96 * 1024;

export interface LastWord {
  who: 'person' | 'claude' | 'tool';
  text: string;
}

/** What stands in the last bytes of the transcript, the oldest first. @param size of the file, in bytes */
export function lastWords(path: string, size: number): LastWord[] {
  const words: LastWord[] = [];
  // the first line may be the rest of one: no record then
  for (const { bytes } of readLines(path, Math.max(0, size - readBytes), size)) {
    const record = parseRecord(bytes);
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
