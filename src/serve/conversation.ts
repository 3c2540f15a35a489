/** Messages of the API as one prompt of claude's: earlier turns go in front, and what the user says last stays what it is. */

export interface ConversationTurn {
  role: 'user' | 'assistant';
  text: string;
}

/**
 * The prompt for a conversation that ends with the user's word. A single message is the prompt, unless claude would take it
 * for a command of its own (`/clear`, `/model`…): to the Messages API a message is text. Turns are JSON, so that no text in
 * them can pass for a turn.
 */
export function renderConversation(turns: readonly ConversationTurn[]): string {
  const lastAnswer = turns.findLastIndex(({ role }) => role === 'assistant');
  const last = turns
    .slice(lastAnswer + 1)
    .map(({ text }) => text)
    .join('\n\n');
  if (lastAnswer >= 0) {
    const earlier = turns.slice(0, lastAnswer + 1).map(({ role, text }) => JSON.stringify({ role, content: text }));
    return [
      'This conversation has gone on before. Its earlier turns, oldest first, one JSON object a line:',
      earlier.join('\n'),
      'You are the assistant in it. Go on with it: answer the next message of the user, which is all that follows.',
      last,
    ].join('\n\n');
  }
  return last.trimStart().startsWith('/') ? `The user’s message, which is text and no command:\n\n${last}` : last;
}
