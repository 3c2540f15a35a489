/** Looks for messages' marks in their sessions' transcripts: what stands there has been put in. */
import { findAnswer, findMark, type MarkFound, transcriptSize } from '../claude/transcript.ts';
import { markOf } from '../delivery/attribution.ts';
import type { Message } from '../protocol/message.ts';
import type { Session } from './session-table.ts';

/**
 * Where the transcript ends before a message is leased for the first time: its mark cannot stand before that. Goes into the
 * journal with the lease, so that a mark quoted earlier in the conversation proves nothing after a restart either.
 */
export function leaseStart(session: Session, message: Message): Pick<Message, 'transcriptFrom'> {
  const path = session.transcriptPath;
  if (path === null || message.attempts > 0) return {};
  return { transcriptFrom: { path, bytes: transcriptSize(path) } };
}

export function findProof(session: Session, message: Message): MarkFound | undefined {
  const path = session.transcriptPath;
  if (path === null) return undefined;
  const start = message.transcriptFrom;
  return findMark(path, markOf(message), start?.path === path ? start.bytes : 0);
}

/** What claude answered in the turn that the message started; undefined when that turn was cut short. */
export function findTurnAnswer(session: Session, message: Message): string | undefined {
  return session.transcriptPath === null ? undefined : findAnswer(session.transcriptPath, markOf(message));
}
