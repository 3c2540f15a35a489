/** A session in words: its record on the wire, its name, what it waits for. */
import { basename } from 'node:path';
import type { SessionRecord } from '../../protocol/session.ts';
import type { Session } from './session.ts';
import { stateOf } from './session-state.ts';

/** What a waiting session waits for, in words; null when it does not wait. */
export function waitingForOf(session: Session): string | null {
  if (stateOf(session) !== 'waiting') return null;
  if (session.isHeld) return 'agents view';
  const { file, startQuestion } = session;
  const isStart = file === null || file.status !== 'waiting' || file.waitingFor === 'dialog open';
  if (isStart && startQuestion !== null && startQuestion !== 'question') return startQuestion;
  if (file === null && startQuestion !== null) return 'a question at its start';
  const fromFile = file?.waitingFor ?? 'permission prompt';
  if (fromFile !== 'permission prompt') return fromFile;
  return session.permissionTool ? `permission (${session.permissionTool})` : 'permission';
}

/** The session as `GET /v1/sessions` shows it. */
export function recordOf(session: Session, waiting: { pending: number; stuck: number }): SessionRecord {
  return {
    id: session.id,
    name: nameOf(session),
    alias: session.alias,
    claudeName: session.file?.name ?? null,
    cwd: session.cwd,
    pid: session.pid,
    sessionId: session.claudeSessionId,
    transcriptPath: session.transcriptPath,
    state: stateOf(session),
    waitingFor: waitingForOf(session),
    kind: session.isBackground || session.seat !== null ? 'background' : 'interactive',
    supervised: session.typist !== null,
    viewers: session.viewers,
    peers: !session.peersOff,
    ...waiting,
    lastHook: session.lastHook && {
      event: session.lastHook.event,
      at: new Date(session.lastHook.at).toISOString(),
    },
    version: session.version,
    startedAt: new Date(session.startedAt).toISOString(),
    lastActiveAt: new Date(session.lastActiveAt).toISOString(),
  };
}

/** What the session is called where nobody has named it: its folder. */
export function nameOf(session: Pick<Session, 'cwd'>): string {
  return basename(session.cwd) || '/';
}
