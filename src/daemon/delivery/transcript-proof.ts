/** Looks for messages' marks in their sessions' transcripts: what stands there has been put in. */
import { configDirOf, findConversation, listConversations } from '../../claude/transcript/conversation-files.ts';
import { findAnswer, findHeld, findMark, type MarkFound, transcriptSize } from '../../claude/transcript/marks.ts';
import { markOf } from '../../protocol/attribution.ts';
import type { Message } from '../../protocol/message.ts';
import type { Session } from '../sessions/session.ts';

/** How far the wide search looks: what a lease has put in stands at the end of a file that was written to since. */
const searchedTailBytes = 8 << 20;
const searchedFiles = 50;

/** A mark, and the transcript it stands in. */
export interface Proof extends MarkFound {
  path: string;
}

interface Place {
  path: string;
  bytes: number;
}

/**
 * Where the transcript ends before a message is leased to its session for the first time: its mark cannot stand before that.
 * Goes into the journal with the lease, so that a mark quoted earlier in the conversation proves nothing after a restart either.
 */
export function leaseStart(session: Session, message: Message): { transcriptFrom?: Place } {
  const path = transcriptOf(session);
  if (path === null || message.transcriptsFrom?.some((one) => one.path === path)) return {};
  return { transcriptFrom: { path, bytes: transcriptSize(path) } };
}

/** A transcript in which the message was found, for the journal; nothing where that one is known. */
export function newPlace(message: Message, path: string | undefined): { transcriptFrom?: Place } {
  if (path === undefined || message.transcriptsFrom?.some((one) => one.path === path)) return {};
  return { transcriptFrom: { path, bytes: 0 } };
}

/** Where the transcripts end that may hold the message's mark: what stands there is of an earlier try. */
export function transcriptEnds(session: Session | undefined, message: Message): Place[] {
  const paths = new Set((message.transcriptsFrom ?? []).map((one) => one.path));
  const current = session ? transcriptOf(session) : null;
  if (current !== null) paths.add(current);
  return [...paths].map((path) => ({ path, bytes: transcriptSize(path) }));
}

/** Looks in every transcript that is known to be one of the message's: its session may have been cleared, or have died since. */
export function findProof(session: Session | undefined, message: Message): Proof | undefined {
  return firstProof(placesOf(session, message), message).proof;
}

/**
 * As `findProof`, and then in whatever conversation has been written to of late: claude forks a conversation into another process
 * and another transcript (the agents view, `/branch`), and nobody may have told us. Before anything is tried again, not at each look.
 * @returns 'unreadable' where a transcript could not be read (no descriptor is free, an error of the disk, not ours to read): nobody
 *   knows then
 */
export function findProofAnywhere(session: Session | undefined, message: Message): Proof | 'unreadable' | undefined {
  const known = placesOf(session, message);
  const configDir = session?.configDir ?? (known[0] && configDirOf(known[0].path));
  const others = (configDir === undefined ? [] : listConversations(configDir))
    .slice(0, searchedFiles)
    .filter(({ path }) => !known.some((one) => one.path === path))
    .map(({ path, bytes }) => ({ path, bytes: Math.max(0, bytes - searchedTailBytes) }));
  const near = firstProof(known, message);
  if (near.proof) return near.proof;
  const far = firstProof(others, message, message.retriedAt);
  return far.proof ?? (near.isUnreadable || far.isUnreadable ? 'unreadable' : undefined);
}

/** True when the session's own transcript is there: a mark that it does not have has not been put in, as far as claude knows. */
export function hasTranscript(session: Pick<Session, 'transcriptPath' | 'configDir' | 'claudeSessionId'>): boolean {
  const path = transcriptOf(session);
  return path !== null && transcriptSize(path) > 0;
}

/** True when claude has said in the session's transcript that a person there has to agree to the message first. */
export function isHeld(session: Session, message: Message): boolean {
  return placesOf(session, message).some(({ path, bytes }) => findHeld(path, message.id, bytes));
}

/** What claude answered in the turn that the message started; undefined when that turn was cut short. */
export function findTurnAnswer(session: Session | undefined, message: Message): string | undefined {
  // the conversation may have been cleared since
  const paths = new Set([
    session ? transcriptOf(session) : null,
    ...(message.transcriptsFrom ?? []).map((one) => one.path),
  ]);
  for (const path of paths) {
    const answer = path === null ? undefined : findAnswer(path, markOf(message));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function placesOf(session: Session | undefined, message: Message): Place[] {
  const places = message.transcriptsFrom ?? [];
  const current = session ? transcriptOf(session) : null;
  const isNew = current !== null && !places.some((one) => one.path === current);
  return isNew ? [{ path: current, bytes: 0 }, ...places] : places;
}

function firstProof(
  places: readonly Place[],
  message: Message,
  notBefore?: number,
): { proof?: Proof; isUnreadable: boolean } {
  const inToolResults = wasRead(message);
  const known = new Set(message.transcriptsFrom?.map((one) => one.path));
  let isUnreadable = false;
  for (const { path, bytes } of places) {
    // a transcript that is new to the message may be a fork's, with records of before a retry copied into it
    const since = known.has(path) ? notBefore : message.retriedAt;
    const found = findMark(path, markOf(message), bytes, {
      inToolResults,
      onUnreadable: () => {
        isUnreadable = true;
      },
      ...(since !== undefined && { notBefore: since }),
    });
    if (found) return { proof: { ...found, path }, isUnreadable };
  }
  return { isUnreadable };
}

/** A tool's result may be what brought it. */
function wasRead({ route, unproven }: Message): boolean {
  return route === 'inbox-read' || unproven?.some((one) => one.route === 'inbox-read') === true;
}

/** Where the session's transcript is: as its hooks have told, as claude names it, or where one with its id is found. */
function transcriptOf(session: Pick<Session, 'transcriptPath' | 'configDir' | 'claudeSessionId'>): string | null {
  const { transcriptPath, claudeSessionId, configDir } = session;
  if (transcriptPath === null || claudeSessionId === null || transcriptSize(transcriptPath) > 0) return transcriptPath;
  return findConversation(configDir, claudeSessionId)?.path ?? transcriptPath;
}
