/** The state of a session, from what is known of it. */
import { stateFromStatus } from '../../claude/session/session-file.ts';
import type { SessionState } from '../../protocol/session.ts';
import type { Session } from './session.ts';

/** Claude's own word first, hooks second. */
export function stateOf(session: Pick<Session, 'file' | 'hookState' | 'isHeld' | 'startQuestion'>): SessionState {
  if (session.isHeld) return 'waiting';
  const ofFile = session.file && stateFromStatus(session.file.status);
  if (ofFile) return ofFile === 'idle' && session.startQuestion === 'log-in' ? 'waiting' : ofFile;
  if (session.startQuestion) return 'waiting';
  return session.hookState ?? 'starting';
}
