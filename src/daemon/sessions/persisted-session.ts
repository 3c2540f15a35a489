/** What of a session survives a restart of the daemon. */
import type { Clock } from '../../process/clock.ts';
import { knownSession, type Session } from './session.ts';

const persistedFields = [
  'id',
  'pid',
  'startTime',
  'cwd',
  'configDir',
  'claudeSessionId',
  'version',
  'transcriptPath',
  'hooksSeen',
  'peersOff',
  'startedAt',
  'lastActiveAt',
  'firstSeenSteadyMs',
  'lastSeenSteadyMs',
] as const satisfies readonly (keyof Session)[];

export type PersistedSession = Pick<Session, (typeof persistedFields)[number]>;

/** Of a daemon that did not write these down yet. */
const seenLongAgo = { firstSeenSteadyMs: 0, lastSeenSteadyMs: 0 };

/** The record as an earlier daemon wrote it down. */
export function restoredSession(persisted: PersistedSession, clock: Clock): Session {
  return knownSession({ ...seenLongAgo, ...pick(persisted) }, clock);
}

/** What is to be written down of a session. */
export function persistedOf(session: Session): PersistedSession {
  return pick(session);
}

function pick(from: PersistedSession): PersistedSession {
  const known = persistedFields.filter((field) => from[field] !== undefined);
  return Object.fromEntries(known.map((field) => [field, from[field]])) as unknown as PersistedSession;
}
