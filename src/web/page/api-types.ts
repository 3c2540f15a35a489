/** What the page reads of the API. The shapes are those of docs/api.md. */
import type { Turn } from '../../claude/transcript/turn.ts';
import type { ManagedView } from '../../protocol/managed.ts';
import type { Message as StoredMessage } from '../../protocol/message.ts';
import type { SessionRecord } from '../../protocol/session.ts';

export type { Step, ToolUse } from '../../claude/transcript/turn.ts';
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

/** One question of claude's AskUserQuestion. */
export interface AskedChoice {
  question: string;
  header: string;
  multiSelect: boolean;
  options: { label: string; description: string }[];
}

/** What a session asks a person. */
export interface Question {
  id: string;
  kind: 'permission' | 'question' | 'plan';
  session: string;
  name: string;
  cwd: string;
  /** The kind of subagent that asks; null for the session itself. */
  agent: string | null;
  tool: string;
  input: unknown;
  /** All of what would run, made safe to look at. */
  shown: string;
  choices: AskedChoice[];
  /** Claude's own offers for "always". */
  suggestions: { text: string }[];
  askedAt: number;
  state: 'open' | 'answered' | 'withdrawn';
  /** An answer from here can still reach it. */
  remote: boolean;
  by: string | null;
  via: string | null;
  /** Claude has taken the answer (true), has not (false), has not said so yet (null). */
  taken: boolean | null;
  reason: string | null;
}

export interface SearchHit {
  sessionId: string;
  cwd: string | null;
  turn: number;
  at: string | null;
  where: string;
  text: string;
}
