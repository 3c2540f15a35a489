/**
 * Words of `user` and `system` records that never reached the model: a `!command`, a slash command, and what they printed. The one
 * place that knows the tags claude wraps them in (2.1.197 to 2.1.332). Pure.
 */
import { type TranscriptRecord, textOf } from './record.ts';

const printed = /^<(bash-stdout|bash-stderr|local-command-)/;
const given = /^<(bash-input|command-\w+)>/;

/** What a command printed. */
export function isPrinted(text: string): boolean {
  return printed.test(text);
}

/** What a command printed, or the command itself. */
export function isLocal(text: string): boolean {
  return printed.test(text) || given.test(text);
}

/** True for what a slash command that never reached claude printed. */
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

/** `/review src` or `! ls` as the person gave it; undefined for any other words. */
export function commandLine(text: string): string | undefined {
  const shell = /^<bash-input>([\s\S]*?)<\/bash-input>/.exec(text);
  if (shell) return `! ${shell[1]}`;
  if (!/^<command-(name|message)>/.test(text)) return undefined;
  const name = /<command-name>([^<]*)<\/command-name>/.exec(text)?.[1] ?? '';
  const words = /<command-args>([\s\S]*?)<\/command-args>/.exec(text)?.[1] ?? '';
  return `${name} ${words}`.trim();
}
