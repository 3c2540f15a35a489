/** What of a command line chooses the conversation, and what stays the same whenever that conversation is opened again. */
import { optionIn, valueWords } from './options.ts';

const choosers = new Set(['--continue', '-c', '--resume', '-r', '--session-id', '--fork-session', '--from-pr']);
const namesOne = new Set(['--resume', '-r', '--session-id']);

export interface ConversationChoice {
  /** True when the words choose a conversation; else claude begins a new one. */
  chooses: boolean;
  /** The id that they resume or give, where they name one and do not fork it. */
  id: string | null;
}

export function conversationChoice(args: readonly string[]): ConversationChoice {
  let chooses = false;
  let id: string | null = null;
  for (const { name, words, value } of optionsOf(args)) {
    if (!choosers.has(name)) continue;
    chooses = true;
    if (namesOne.has(name) && value !== undefined && /^[0-9a-f-]{36}$/i.test(value)) id = value;
    if (words[0] === '--fork-session') return { chooses, id: null };
  }
  return { chooses, id };
}

/** The same without what chooses the conversation, and without a first prompt: it has been said already. */
export function withoutConversation(args: readonly string[]): string[] {
  return optionsOf(args).flatMap(({ name, words }) => (choosers.has(name) ? [] : words));
}

/** The options with their values; words that are none are the prompt. */
function optionsOf(args: readonly string[]): Array<{ name: string; words: string[]; value: string | undefined }> {
  const found = [];
  for (let index = 0; index < args.length && args[index] !== '--'; index++) {
    const word = args[index]!;
    if (!word.startsWith('-')) continue;
    const count = valueWords(args, index);
    const words = args.slice(index, index + 1 + count);
    const known = optionIn(word);
    found.push({ name: known?.name ?? word, words, value: known?.inline ?? words[1] });
    index += count;
  }
  return found;
}
