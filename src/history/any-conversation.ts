/** The conversation of a session as a list names it: one that runs, a managed one that sleeps, one that has ended. */
import type { AnySession } from '../daemon-client/every-session.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { findTarget } from '../protocol/find-target.ts';
import { type Conversation, findConversation, type WhereToLook } from './find-conversation.ts';

/** @throws ClaudexError NO_SUCH_CONVERSATION, AMBIGUOUS_CONVERSATION, AMBIGUOUS_TARGET */
export function anyConversation(target: string, sessions: readonly AnySession[], where: WhereToLook): Conversation {
  let name = target;
  try {
    // a managed one that sleeps is live to nobody: its conversation is found by claude's id
    const one = findTarget(target, sessions);
    if (!where.sessions.some(({ id }) => id === one.id)) {
      if (one.sessionId === null) throw new ClaudexError('NO_SUCH_CONVERSATION', `${one.id} has not had one yet.`);
      name = one.sessionId;
    } else name = one.id;
  } catch (error) {
    if ((error as ClaudexError).code !== 'NO_SUCH_SESSION') throw error;
  }
  return findConversation(name, where);
}
