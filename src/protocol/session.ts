/** What the rest of the world sees of one running claude process. */

export type SessionState = 'starting' | 'idle' | 'busy' | 'waiting' | 'gone';

/** What claude asks at its start, before there is a prompt box; `question`: something that claudex does not know. */
export const startQuestions = [
  'trust',
  'mcp servers',
  'log-in',
  'onboarding',
  'bypass consent',
  'api key',
  'external imports',
  'settings error',
  'question',
] as const;
export type StartQuestion = (typeof startQuestions)[number];

/** One record per running claude process, as `claudex list --json` prints it. Times are ISO 8601. */
export interface SessionRecord {
  /** Eight characters; stays through /clear, /resume and daemon restarts. */
  id: string;
  /** The folder's basename. */
  name: string;
  /** What `claudex name` called it. */
  alias: string | null;
  /** What claude's `/rename` called it. */
  claudeName: string | null;
  cwd: string;
  pid: number;
  /** Claude's own session id; changes with /clear. Null until claude has told it. */
  sessionId: string | null;
  /** Where claude writes the present conversation (JSONL); the file comes with the first prompt. */
  transcriptPath: string | null;
  state: SessionState;
  /** What a `waiting` session waits for, in words. */
  waitingFor: string | null;
  /** `background` for one that runs as a job of claude's own daemon (`claude --bg`, `/background`, the agents view). */
  kind: 'interactive' | 'background';
  /** True while a claudex supervisor owns its terminal. */
  supervised: boolean;
  /** How many look at it, its own terminal not among them. */
  viewers: number;
  /** False when it was started with CLAUDEX_PEERS=off: no message from or to other sessions and programs. */
  peers: boolean;
  /** Messages accepted for it and not delivered yet. */
  pending: number;
  /** Messages for it of which nobody knows whether they went in: a person decides. */
  stuck: number;
  /** The hook event that came from it last; null until one has. */
  lastHook: { event: string; at: string } | null;
  /** Claude's version. */
  version: string | null;
  startedAt: string;
  lastActiveAt: string;
}

/** A name given with `claudex name`; it stays after the session's end, for its conversation. */
export interface SessionName {
  alias: string;
  /** Ours, of the session that has it or had it last. */
  id: string;
  /** Claude's, of its last conversation. */
  sessionId: string | null;
  cwd: string;
}
