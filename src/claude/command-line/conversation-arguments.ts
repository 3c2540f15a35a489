/** What of a command line chooses the conversation, and what stays the same whenever that conversation is opened again. */
import { optionsWithValue } from './invocation.ts';

/** Options that take every word up to the next option. */
const manyValues = new Set([
  '--add-dir',
  '--allowedTools',
  '--allowed-tools',
  '--disallowedTools',
  '--disallowed-tools',
  '--mcp-config',
  '--betas',
  '--file',
  '--tools',
  '--plugin-dir',
]);

const choosers = new Set(['--continue', '-c', '--resume', '-r', '--session-id', '--fork-session', '--from-pr', '--bg']);

export interface ConversationChoice {
  /** True when the words choose a conversation; else claude begins a new one. */
  chooses: boolean;
  /** The id that they resume or give, where they name one and do not fork it. */
  id: string | null;
}

export function conversationChoice(args: readonly string[]): ConversationChoice {
  let chooses = false;
  let id: string | null = null;
  walk(args, (word, value) => {
    if (!choosers.has(word)) return;
    chooses = true;
    if (['--resume', '-r', '--session-id'].includes(word) && value !== undefined && /^[0-9a-f-]{36}$/i.test(value))
      id = value;
  });
  return { chooses, id: args.includes('--fork-session') ? null : id };
}

/** The same without what chooses the conversation, and without a first prompt: it has been said already. */
export function withoutConversation(args: readonly string[]): string[] {
  const kept: string[] = [];
  walk(args, (word, value, rest) => {
    if (choosers.has(word) || !word.startsWith('-') || word === '--') return;
    kept.push(word, ...(value === undefined ? [] : [value]), ...rest);
  });
  return kept;
}

/** Calls back for each option with its value and further values, and for each other word. */
function walk(args: readonly string[], take: (word: string, value: string | undefined, rest: string[]) => void): void {
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    // what follows is the prompt
    if (word === '--') return;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    if (equals !== -1) {
      const name = word.slice(0, equals);
      if (choosers.has(name)) take(name, word.slice(equals + 1), []);
      else take(word, undefined, []);
      continue;
    }
    const next = args[index + 1];
    // --resume may stand alone
    const hasValue =
      optionsWithValue.has(word) || (['--resume', '-r'].includes(word) && next !== undefined && !next.startsWith('-'));
    if (!hasValue || next === undefined) {
      take(word, undefined, []);
      continue;
    }
    index++;
    const rest: string[] = [];
    while (manyValues.has(word) && args[index + 1] !== undefined && !args[index + 1]!.startsWith('-'))
      rest.push(args[++index]!);
    take(word, next, rest);
  }
}
