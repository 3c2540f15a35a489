/** What claude adds to a transcript while somebody watches. */
import { unwatchFile, watchFile } from 'node:fs';
import { readLines } from './read-blocks.ts';
import { parseRecord, type TranscriptRecord } from './record.ts';

/** Looking at a file's size is what works on every file system, and for a file that is not there yet. */
const lookMs = 150;

export interface TranscriptTail {
  /** Reads what is there now. */
  look(): void;
  close(): void;
}

/** Calls `onRecord` for each record from byte `from` (the start of a line) on, and for each one that comes, until closed. */
export function tailTranscript(
  path: string,
  from: number,
  onRecord: (record: TranscriptRecord) => void,
): TranscriptTail {
  let position = from;
  const look = (): void => {
    for (const { offset, bytes, isEnded } of readLines(path, position)) {
      if (!isEnded) break; // being written: it comes whole the next time
      position = offset + bytes.length + 1;
      const record = parseRecord(bytes);
      if (record) onRecord(record);
    }
  };
  watchFile(path, { interval: lookMs }, look);
  return { look, close: () => unwatchFile(path, look) };
}
