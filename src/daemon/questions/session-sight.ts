/** What a session lets be seen of its dialogs. */
import type { PermissionRequest } from '../../claude/hooks/permission.ts';
import { isBackgroundAgent } from '../../claude/transcript/subagent-files.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SeenState } from './standing.ts';

/** A dialog is on its screen, by what claude says. */
export function isWaiting(session: Session): boolean {
  return stateOf(session) === 'waiting';
}

/** What standing.ts judges by. */
export function seenState(session: Session): SeenState {
  return { isWaiting: isWaiting(session), since: session.file?.statusUpdatedAt ?? null };
}

/** Claude would show the dialog only after its hooks have ended. */
export function isDialogHeldBack({ transcriptPath }: Session, { agentId }: PermissionRequest): boolean {
  return agentId !== null && transcriptPath !== null && isBackgroundAgent(transcriptPath, agentId);
}

/** An agent's dialog is on the screen by then, where its hook does not hold it back. */
export const dialogWithinMs = 3000;
export const heldBackReason = 'a background agent asks: claude shows its dialog once no hook waits';
