/** Looks for messages' marks in their sessions' transcripts: what stands there has been put in. */
import { findAnswer, findMark, type MarkFound, transcriptSize } from '../../claude/transcript/marks.ts';
import { markOf } from '../../protocol/attribution.ts';
import type { Message } from '../../protocol/message.ts';
import type { Session } from '../sessions/session.ts';

/**
 * Where the transcript ends before a message is leased to its session for the first time: its mark cannot stand before that.
 * Goes into the journal with the lease, so that a mark quoted earlier in the conversation proves nothing after a restart either.
 */
export function leaseStart(session: Session, message: Message): { transcriptFrom?: { path: string; bytes: number } } {
  const path = session.transcriptPath;
  if (path === null || message.transcriptsFrom?.some((one) => one.path === path)) return {};
  return { transcriptFrom: { path, bytes: transcriptSize(path) } };
}

/** Where the transcripts end that may hold the message's mark: what stands there is of an earlier try. */
export function transcriptEnds(session: Session | undefined, message: Message): Array<{ path: string; bytes: number }> {
  const paths = new Set((message.transcriptsFrom ?? []).map((one) => one.path));
  if (session && session.transcriptPath !== null) paths.add(session.transcriptPath);
  return [...paths].map((path) => ({ path, bytes: transcriptSize(path) }));
}

/** Looks in every transcript it may stand in: its session may have been cleared, or have died since. */
export function findProof(session: Session | undefined, message: Message): MarkFound | undefined {
  const places = message.transcriptsFrom ?? [];
  const inToolResults = message.history.some((change) => change.route === 'inbox-read');
  const current = session?.transcriptPath ?? null;
  const isNew = current !== null && !places.some((one) => one.path === current);
  for (const { path, bytes } of isNew ? [{ path: current, bytes: 0 }, ...places] : places) {
    const found = findMark(path, markOf(message), bytes, { inToolResults });
    if (found) return found;
  }
  return undefined;
}

/** What claude answered in the turn that the message started; undefined when that turn was cut short. */
export function findTurnAnswer(session: Session, message: Message): string | undefined {
  // the conversation may have been cleared since
  const paths = new Set([session.transcriptPath, ...(message.transcriptsFrom ?? []).map((one) => one.path)]);
  for (const path of paths) {
    const answer = path === null ? undefined : findAnswer(path, markOf(message));
    if (answer !== undefined) return answer;
  }
  return undefined;
}
