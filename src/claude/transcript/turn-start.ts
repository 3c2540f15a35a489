/** Which records start a turn, and what else a user record may be. Pure. */
import { commandLine, isPrinted } from './local-words.ts';
import { blocksOf, type TranscriptRecord, textOf } from './record.ts';
import type { TurnOrigin } from './turn.ts';

export interface TurnStart {
  origin: TurnOrigin;
  prompt: string;
  /** Only a turn if claude answers: most slash commands never reach it. */
  tentative: boolean;
}

/** What the model is told when a person stops a turn: `[Request interrupted by user]`, `… for tool use]`. */
const interruption = /^\[Request interrupted by user/;

/** How a turn starts with this record; undefined when it does not. */
export function turnStart(record: TranscriptRecord): TurnStart | undefined {
  if (record.type !== 'user' || record.isSidechain || record.isCompactSummary) return undefined;
  if (record.isMeta && record.origin?.kind === undefined) return undefined;
  if (blocksOf(record.message?.content).some((block) => block.type === 'tool_result')) return undefined;
  const text = textOf(record.message?.content);
  if (text === '' || interruption.test(text) || isPrinted(text)) return undefined;
  const command = commandLine(text);
  if (command !== undefined) return { origin: 'command', prompt: command, tentative: true };
  return { origin: originOf(record), prompt: text, tentative: false };
}

/**
 * True for a prompt from claude's queue that was sent together with the one before it: several that wait when a turn ends become
 * one turn (measured on 2.1.330, which numbers turns; an interrupted prompt has the next one as its child there as well).
 */
export function joinsPrompt(record: TranscriptRecord, before: TranscriptRecord | undefined): boolean {
  if (record.promptSource !== 'queued' || before?.uuid === undefined || record.parentUuid !== before.uuid) return false;
  return record.turnPosition?.turnIndex === before.turnPosition?.turnIndex;
}

export function isInterruption(record: TranscriptRecord): boolean {
  return record.type === 'user' && interruption.test(textOf(record.message?.content));
}

/** Written when claude stops working (interactive sessions only). */
export function isRest(record: TranscriptRecord): boolean {
  return record.type === 'system' && record.subtype === 'turn_duration';
}

/** Words of claude, as opposed to a stand-in record ("No response requested." after a resume). */
export function isAnswer(record: TranscriptRecord): boolean {
  if (record.type !== 'assistant' || record.isSidechain) return false;
  return record.message?.model !== '<synthetic>' || record.isApiErrorMessage === true;
}

function originOf(record: TranscriptRecord): TurnOrigin {
  switch (record.origin?.kind) {
    case 'peer':
      return 'peer';
    case 'human':
      return 'person';
    case undefined:
      return record.promptSource === 'sdk' ? 'program' : 'person';
    default:
      return 'notification';
  }
}
