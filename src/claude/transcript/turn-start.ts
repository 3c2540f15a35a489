/** Which records start a turn, and what else a user record may be. Pure. */
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
  if (text === '' || interruption.test(text) || /^<(bash-stdout|bash-stderr|local-command-)/.test(text))
    return undefined;
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

/** What a command that never reached claude printed. */
export function isLocalOutput(record: TranscriptRecord): boolean {
  const isSystem = record.type === 'system' && record.subtype === 'local_command';
  if (record.type !== 'user' && !isSystem) return false;
  return textOf(isSystem ? record.content : record.message?.content).startsWith('<local-command-std');
}

/** What a `!command` printed; undefined for any other record. */
export function commandOutput(record: TranscriptRecord): string | undefined {
  const tags = /^<bash-stdout>([\s\S]*?)<\/bash-stdout><bash-stderr>([\s\S]*?)<\/bash-stderr>/;
  const found = record.type === 'user' ? tags.exec(textOf(record.message?.content)) : null;
  return found ? `${found[1]}${found[2]}` : undefined;
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

/** `/review src` or `! ls` of a command's record (2.1.x wraps them in tags). */
function commandLine(text: string): string | undefined {
  const shell = /^<bash-input>([\s\S]*?)<\/bash-input>/.exec(text);
  if (shell) return `! ${shell[1]}`;
  if (!/^<command-(name|message)>/.test(text)) return undefined;
  const name = /<command-name>([^<]*)<\/command-name>/.exec(text)?.[1] ?? '';
  const words = /<command-args>([\s\S]*?)<\/command-args>/.exec(text)?.[1] ?? '';
  return `${name} ${words}`.trim();
}
