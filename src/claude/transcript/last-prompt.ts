/** When a conversation last had a prompt that hooks tell of. */
import { readLines } from './read-blocks.ts';
import { parseRecord } from './record.ts';
import { turnStart } from './turn-start.ts';

const readBytes = 256 * 1024;

/** When the last prompt in the end of that transcript was written, milliseconds since the epoch; undefined when there is none. */
export function lastPromptAt(path: string, size: number): number | undefined {
  let at: number | undefined;
  for (const { bytes } of readLines(path, Math.max(0, size - readBytes), size)) {
    const record = parseRecord(bytes);
    const start = record && turnStart(record);
    // a command may never reach claude, and what is no prompt of a person or a program has hooks of its own
    if (!start || start.tentative || start.origin === 'notification') continue;
    const written = Date.parse(record.timestamp ?? '');
    if (!Number.isNaN(written)) at = written;
  }
  return at;
}
