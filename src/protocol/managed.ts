/** A managed session: one whose record outlives its process. */

/** `crashed`: ended by itself and not started again. `ended`: by a person (`/exit`, a signal). `stopped`: by `claudex stop`. */
export const managedStates = ['starting', 'running', 'sleeping', 'stopped', 'crashed', 'ended'] as const;
export type ManagedState = (typeof managedStates)[number];

export interface ManagedExit {
  code: number | null;
  signal: number | null;
  /** Why it is not running, in words for people. */
  reason: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A task that comes again and again, by the wall clock. */
export interface Schedule {
  /** Minute, hour, day of the month, month, day of the week. */
  cron: string;
  /** Without it: the machine's. */
  timeZone?: string;
  task: string;
  /** Times at which nobody was there: one run for all of them afterwards, or none. */
  missed: 'run' | 'skip';
  /** When the last one has not ended. */
  overlap: 'skip' | 'queue';
}

/** What is kept on disk of a managed session: `managed/<id>.json` in the claudex folder, mode 0600, replaced whole. */
export interface ManagedSession {
  version: 1;
  id: string;
  name: string | null;
  cwd: string;
  /** Arguments for claude, without those that choose the conversation. */
  args: string[];
  /** The environment of the shell that said `start`. */
  env: Record<string, string>;
  /** Claude's id of the conversation that is resumed; null before it is known. */
  claudeSessionId: string | null;
  /** Has claude ever had it open? Then it is resumed, else begun. */
  hasConversation: boolean;
  state: ManagedState;
  keepWarm: boolean;
  idleTimeoutMs: number;
  restart: 'crash' | 'never';
  /** When it was started again after a crash, milliseconds since the epoch, the last ones. */
  restarts: number[];
  exit: ManagedExit | null;
  /** Since when it is in its state, milliseconds since the epoch. */
  since: number;
  /** The host that runs it, or ran it last. */
  host: { pid: number; startTime: string } | null;
  /** What somebody has asked for and claude's end will bring about. */
  asked: 'stop' | 'sleep' | 'restart' | null;
  schedule?: Schedule | null;
  /** Up to when its times have been seen to, the last message of it, and when it comes next; milliseconds since the epoch. */
  scheduled?: { upTo: number; messageId: string | null; nextAt: number | null };
}

/** What `claudex list --all` shows of it. */
export interface ManagedView {
  state: ManagedState;
  keepWarm: boolean;
  idleTimeoutMs: number;
  restarts: number;
  exit: ManagedExit | null;
  since: string;
}

export function managedView(one: ManagedSession): ManagedView {
  return {
    state: one.state,
    keepWarm: one.keepWarm,
    idleTimeoutMs: one.idleTimeoutMs,
    restarts: one.restarts.length,
    exit: one.exit,
    since: new Date(one.since).toISOString(),
  };
}

/** What one that does not run is, in words: with the reason where its state does not say it. */
export function stateInWords({ state, exit }: Pick<ManagedSession, 'state' | 'exit'>): string {
  return exit !== null && (state === 'crashed' || state === 'ended') ? `${state}: ${exit.reason}` : state;
}

/** One managed session as `GET /v1/managed` tells of it. */
export interface ManagedRecord extends ManagedView {
  id: string;
  name: string | null;
  cwd: string;
  /** Claude's own id of its conversation. */
  sessionId: string | null;
  viewers: number;
  /** `nextAt`: ISO 8601; null when it does not come while the session is as it is. */
  schedule: (Schedule & { nextAt: string | null }) | null;
  /** Where viewers connect; nobody listens there while it does not run. */
  socket: string;
}

/** `POST /v1/managed` */
export interface StartRequest {
  cwd: string;
  name?: string;
  args: string[];
  env: Record<string, string>;
  /** The conversation that `args` resume, where they name it. */
  claudeSessionId: string | null;
  keepWarm: boolean;
  idleTimeoutMs?: number;
  restart: 'crash' | 'never';
  schedule?: Schedule | null;
}
