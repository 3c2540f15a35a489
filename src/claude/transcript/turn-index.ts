/**
 * Where the turns of a transcript start, found without parsing more than the prompts: a 500 MB file takes well under a
 * second, so that turns can be numbered from the oldest and read from the newest.
 */

import { readLines } from './read-blocks.ts';
import { parseRecord, type TranscriptRecord } from './record.ts';
import { isAnswer, isLocalOutput, joinsPrompt, turnStart } from './turn-start.ts';

const userType = Buffer.from('"type":"user"');
const toolResultType = Buffer.from('"type":"tool_result"');
/** A record's own `type` stands before the message of a user record; only ids and paths come before it. */
const headBytes = 4096;

/** The byte at which each turn's first record starts, oldest first. */
export function indexTurns(path: string): number[] {
  const starts: number[] = [];
  let command: number | undefined;
  let before: TranscriptRecord | undefined;
  for (const { offset, bytes } of readLines(path)) {
    if (command !== undefined) {
      const record = parseRecord(bytes);
      if (record && isAnswer(record)) starts.push(command);
      if (record && (isAnswer(record) || isLocalOutput(record))) command = undefined;
    }
    // a quotation mark inside a text is escaped, so these bytes are never words of somebody
    if (!bytes.subarray(0, headBytes).includes(userType) || bytes.includes(toolResultType)) continue;
    const record = parseRecord(bytes);
    const start = record && turnStart(record);
    if (!start) continue;
    command = start.tentative ? offset : undefined;
    if (!start.tentative && !joinsPrompt(record, before)) starts.push(offset);
    before = start.tentative ? undefined : record;
  }
  return starts;
}
