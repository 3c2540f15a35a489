/** A session as the web API tells of it, in the words of the daemon. */
import type { AnySession } from '../daemon-client/every-session.ts';
import type { ManagedRecord } from '../protocol/managed.ts';

/** Its managed record; undefined for one in somebody's terminal. */
export function recordOfSession({
  id,
  alias,
  cwd,
  sessionId,
  managed,
  viewers,
}: AnySession): ManagedRecord | undefined {
  // where its host listens is that machine's own affair
  return managed ? { ...managed, id, name: alias, cwd, sessionId, viewers, schedule: null, socket: '' } : undefined;
}
