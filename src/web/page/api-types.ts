/** What the page reads of the API. The shapes are those of docs/api.md. */
import type { Turn } from '../../claude/transcript/turn.ts';
import type { ManagedView } from '../../protocol/managed.ts';
import type { Message as StoredMessage } from '../../protocol/message.ts';
import type { SessionRecord } from '../../protocol/session.ts';

export type { Step, ToolUse } from '../../claude/transcript/turn.ts';
export type { Question } from '../../protocol/question.ts';
export type { Turn };

/** A message as it is told of: with what it waits for at this moment. */
export type Message = StoredMessage & { waitsFor?: string };

/** A session as `GET /api/v1/sessions` tells of it. `state` may also be one of a managed session that does not run. */
export type Session = Omit<SessionRecord, 'state' | 'pid'> & {
  pid: number | null;
  state: SessionRecord['state'] | ManagedView['state'];
  managed: ManagedView | null;
  viewers: number;
};

export interface SearchHit {
  sessionId: string;
  cwd: string | null;
  turn: number;
  at: string | null;
  where: string;
  text: string;
}
