/**
 * Where the turns of a transcript start, found without parsing more than the prompts: a 500 MB file takes well under a
 * second, so that turns can be numbered from the oldest and read from the newest.
 */

import { isLocalOutput } from './local-words.ts';
import { readBlocks } from './read-blocks.ts';
import { parseRecord, type TranscriptRecord } from './record.ts';
import { isAnswer, joinsPrompt, turnStart } from './turn-start.ts';

const userType = Buffer.from('"type":"user"');
const toolResultType = Buffer.from('"type":"tool_result"');
/** A record's own `type` stands before the message of a user record; only ids and paths come before it. */
const headBytes = 4096;

/** The byte at which each turn's first record starts, oldest first. */
export function indexTurns(path: string): number[] {
  const starts: number[] = [];
  let command: number | undefined;
  let before: TranscriptRecord | undefined;
  for (const { offset, bytes } of readBlocks(path)) {
    for (let at = 0; at < bytes.length; ) {
      // whether a command was a turn, the next records tell, of whatever kind
      const found = command === undefined ? bytes.indexOf(userType, at) : at;
      if (found === -1) break;
      const start = command === undefined ? bytes.lastIndexOf(10, found) + 1 : at;
      const line = bytes.subarray(start, endOfLine(bytes, found));
      at = start + line.length + 1;
      if (command !== undefined) {
        const record = parseRecord(line);
        if (record && isAnswer(record)) starts.push(command);
        if (record && (isAnswer(record) || isLocalOutput(record))) command = undefined;
      }
      // a quotation mark inside a text is escaped, so these bytes are never words of somebody
      if (!line.subarray(0, headBytes).includes(userType) || line.includes(toolResultType)) continue;
      const record = parseRecord(line);
      const turn = record && turnStart(record);
      if (!turn) continue;
      command = turn.tentative ? offset + start : undefined;
      if (!turn.tentative && !joinsPrompt(record, before)) starts.push(offset + start);
      before = turn.tentative ? undefined : record;
    }
  }
  return starts;
}

function endOfLine(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(10, from);
  return newline === -1 ? bytes.length : newline;
}
