/** A running session in the words of the tools. */
import type { SessionRecord } from '../protocol/session.ts';

export interface Instance {
  /** What send_message and the history tools take. */
  id: string;
  name: string;
  /** What the person called it (`claudex name`). */
  alias: string | null;
  /** Claude's own name of it (`/rename`). */
  claude_name: string | null;
  folder: string;
  /** starting, idle, busy or waiting. */
  state: string;
  /** What a waiting session waits for. */
  waiting_for: string | null;
  is_you: boolean;
  /** False: it takes no messages from other sessions. */
  takes_messages: boolean;
  /** Messages that wait for it. */
  pending: number;
  /** Messages for it of which nobody knows whether they arrived; its person decides. */
  stuck: number;
  claude_session_id: string | null;
  claude_version: string | null;
  started_at: string;
  last_active_at: string;
}

export function instanceOf(session: SessionRecord, ownId: string | undefined): Instance {
  return {
    id: session.id,
    name: session.name,
    alias: session.alias,
    claude_name: session.claudeName,
    folder: session.cwd,
    state: session.state,
    waiting_for: session.waitingFor,
    is_you: session.id === ownId,
    takes_messages: session.peers,
    pending: session.pending,
    stuck: session.stuck,
    claude_session_id: session.sessionId,
    claude_version: session.version,
    started_at: session.startedAt,
    last_active_at: session.lastActiveAt,
  };
}

/** One line: `k3abcdef (api) in /work/api: idle`. */
export function describeInstance(session: SessionRecord): string {
  const state = session.waitingFor === null ? session.state : `${session.state} for a person: ${session.waitingFor}`;
  const pending = session.pending === 0 ? '' : `, ${session.pending} messages wait for it`;
  const stuck = session.stuck === 0 ? '' : `, ${session.stuck} stuck (nobody knows whether they arrived)`;
  const closed = session.peers ? '' : ', takes no messages';
  const names = [session.name, session.alias].filter((one) => one !== null).join(', ');
  return `${session.id} (${names}) in ${session.cwd}: ${state}${pending}${stuck}${closed}`;
}
