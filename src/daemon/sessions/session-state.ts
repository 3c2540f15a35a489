/** The state of a session, from what is known of it. */
import { stateFromStatus } from '../../claude/session/session-file.ts';
import type { SessionState } from '../../protocol/session.ts';
import type { Session } from './session.ts';

/** Claude's own word first, hooks second. */
export function stateOf(session: Pick<Session, 'file' | 'hookState' | 'isHeld'>): SessionState {
  if (session.isHeld) return 'waiting';
  if (session.file) return stateFromStatus(session.file.status);
  return session.hookState ?? 'starting';
}
