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

/** One of claude's own offers beside a question: what "always" would mean. */
export type Suggestion = Record<string, unknown>;

/** What a session asks a person. */
export interface Question {
  id: string;
  kind: 'permission' | 'question' | 'plan';
  session: string;
  name: string;
  cwd: string;
  tool: string;
  input: Record<string, unknown>;
  /** All of what would run, made safe to look at. */
  shown: string;
  suggestions: Suggestion[];
  askedAt: string | number;
  state: 'open' | 'answered' | 'withdrawn';
  by?: string;
  via?: string;
}

/** One question inside claude's AskUserQuestion. */
export interface AskedQuestion {
  question: string;
  header?: string;
  multiSelect?: boolean;
  options: { label: string; description?: string }[];
}

export interface SearchHit {
  sessionId?: string;
  path?: string;
  cwd?: string | null;
  where?: string;
  text: string;
  turn?: number | null;
  at?: string | null;
}
