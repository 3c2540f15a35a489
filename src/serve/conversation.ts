/** Messages of the API as one prompt of claude's: earlier turns go in front, and what the user says last stays what it is. */

import { isPlainText, mentionSign } from '../claude/stream/prompt-text.ts';

export interface ConversationTurn {
  role: 'user' | 'assistant';
  text: string;
}

/**
 * The prompt for a conversation that ends with the user's word. To the Messages API a message is text. So what claude would
 * take for more (`/clear`, `@file`) goes in as JSON, and so do earlier turns: no text in them can pass for a turn.
 */
export function renderConversation(turns: readonly ConversationTurn[]): string {
  const lastAnswer = turns.findLastIndex(({ role }) => role === 'assistant');
  const earlier = turns.slice(0, lastAnswer + 1);
  const text = turns
    .slice(lastAnswer + 1)
    .map((turn) => turn.text)
    .join('\n\n');
  const isPlain = isPlainText(text);
  const last = isPlain ? text : asJson({ role: 'user', text });
  if (earlier.length === 0) return isPlain ? last : `The user’s message, as JSON:\n\n${last}`;
  return [
    'This conversation has gone on before. Its earlier turns, oldest first, one JSON object a line:',
    earlier.map(asJson).join('\n'),
    `You are the assistant in it. Go on with it: answer the next message of the user, which is all that follows${isPlain ? '' : ', as JSON'}.`,
    last,
  ].join('\n\n');
}

function asJson({ role, text }: ConversationTurn): string {
  return JSON.stringify({ role, content: text }).replaceAll(mentionSign, '\\u0040');
}
