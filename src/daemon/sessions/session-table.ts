/**
 * Who is running: one record per claude process (pid and start time), supervised or bare.
 * Knows how state is derived (claude's own session file first, hooks second); does not read files or sockets itself.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { type ClaudeSessionFile, stateFromStatus } from '../../claude/session/session-file.ts';
import type { SessionRecord, SessionState } from '../../protocol/session.ts';
import type { SupervisorCommand } from '../../protocol/wire.ts';

/** The daemon's own view of a session. Times in milliseconds since the epoch. */
export interface Session {
  readonly id: string;
  /** From `claudex name`; its owner is names.ts. */
  alias: string | null;
  readonly pid: number;
  readonly startTime: string;
  cwd: string;
  configDir: string;
  claudeSessionId: string | null;
  version: string | null;
  /** What claude's session file last said; null when there is none. */
  file: ClaudeSessionFile | null;
  /** What hooks last said; null until one has come. */
  hookState: Extract<SessionState, 'idle' | 'busy' | 'waiting'> | null;
  /** True once a hook of this session has reached us. */
  hooksSeen: boolean;
  /** Its hooks have said CLAUDEX_PEERS=off. */
  peersOff: boolean;
  /** The tool of the last permission request, until the turn goes on. */
  permissionTool: string | null;
  transcriptPath: string | null;
  supervisor: { pid: number; send(command: SupervisorCommand): void } | null;
  /** Set by a refused paste, cleared when the supervisor reports an open gate. Steady clock. */
  gateShutSince: number | null;
  startedAt: number;
  lastActiveAt: number;
  /** When a daemon first and last saw it, in milliseconds of the steady clock. */
  firstSeenSteadyMs: number;
  lastSeenSteadyMs: number;
  /** Since when it is on its way out: it has said so, or its claudex is gone, and its terminal with it. Steady clock. */
  leavingSinceSteadyMs: number | null;
}

/** What survives a restart of the daemon. */
const persistedFields = [
  'id',
  'pid',
  'startTime',
  'cwd',
  'configDir',
  'claudeSessionId',
  'version',
  'transcriptPath',
  'hooksSeen',
  'peersOff',
  'startedAt',
  'lastActiveAt',
  'firstSeenSteadyMs',
  'lastSeenSteadyMs',
] as const satisfies readonly (keyof Session)[];

export type PersistedSession = Pick<Session, (typeof persistedFields)[number]>;

/** A session may appear this long before the one it follows was last seen: that one takes its time to die. */
const heirSlackMs = 2000;

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Eight characters, first one a letter: never mistaken for a pid or an option. */
export function newSessionId(): string {
  const id = Array.from(randomBytes(8), (byte) => alphabet[byte & 31]).join('');
  return /^[a-z]/.test(id) ? id : newSessionId();
}

/** Claude's own word first, hooks second. */
export function stateOf(session: Session): SessionState {
  if (session.file) return stateFromStatus(session.file.status);
  return session.hookState ?? 'starting';
}

/** What a waiting session waits for, in words; null when it does not wait. */
export function waitingForOf(session: Session): string | null {
  if (stateOf(session) !== 'waiting') return null;
  const fromFile = session.file?.waitingFor ?? 'permission prompt';
  if (fromFile !== 'permission prompt') return fromFile;
  return session.permissionTool ? `permission (${session.permissionTool})` : 'permission';
}

export function recordOf(session: Session, pending: number): SessionRecord {
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
    supervised: session.supervisor !== null,
    peers: !session.peersOff,
    pending,
    version: session.version,
    startedAt: new Date(session.startedAt).toISOString(),
    lastActiveAt: new Date(session.lastActiveAt).toISOString(),
  };
}

export function nameOf(session: Pick<Session, 'cwd'>): string {
  return basename(session.cwd) || '/';
}

export class SessionTable {
  readonly #byPid = new Map<number, Session>();
  readonly #byId = new Map<string, Session>();

  all(): Session[] {
    return [...this.#byPid.values()];
  }

  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  byPid(pid: number): Session | undefined {
    return this.#byPid.get(pid);
  }

  byClaudeSessionId(sessionId: string): Session | undefined {
    return this.all().find((session) => session.claudeSessionId === sessionId);
  }

  /**
   * The record of that process, made if it is new.
   * @returns `replaced`: the record of an earlier process with the same pid, which is thereby gone.
   */
  ensure(
    process: { pid: number; startTime: string; cwd: string; configDir: string },
    now: number,
    steadyMs: number,
  ): { session: Session; isNew: boolean; replaced?: Session } {
    const known = this.#byPid.get(process.pid);
    if (known?.startTime === process.startTime) return { session: known, isNew: false };
    const session = emptySession({ ...process, id: newSessionId(), startedAt: now, lastActiveAt: now });
    session.firstSeenSteadyMs = steadyMs;
    session.lastSeenSteadyMs = steadyMs;
    if (known) this.#byId.delete(known.id);
    this.#file(session);
    return { session, isNew: true, ...(known && { replaced: known }) };
  }

  restore(persisted: PersistedSession): Session {
    const session = { ...emptySession(persisted), ...persisted };
    this.#file(session);
    return session;
  }

  /**
   * Who took a dead session's place: the first of that folder that has appeared since it was last seen, or began to end: claude
   * takes seconds for that on a busy machine. One that ran beside it did not. Of a session that nobody knows any more,
   * everyone in its folder may.
   */
  heirOf(
    cwd: string,
    gone: Pick<Session, 'id' | 'lastSeenSteadyMs' | 'leavingSinceSteadyMs'> | undefined,
  ): Session | undefined {
    const leftAt = gone ? (gone.leavingSinceSteadyMs ?? gone.lastSeenSteadyMs) : Number.NEGATIVE_INFINITY;
    const appearedFrom = leftAt - heirSlackMs;
    return this.all().find((one) => one.cwd === cwd && one.id !== gone?.id && one.firstSeenSteadyMs >= appearedFrom);
  }

  remove(session: Session): void {
    if (this.#byPid.get(session.pid) !== session) return;
    this.#byPid.delete(session.pid);
    this.#byId.delete(session.id);
  }

  #file(session: Session): void {
    this.#byPid.set(session.pid, session);
    this.#byId.set(session.id, session);
  }

  persisted(): PersistedSession[] {
    return this.all().map(
      (one) => Object.fromEntries(persistedFields.map((field) => [field, one[field]])) as unknown as PersistedSession,
    );
  }
}

function emptySession(
  known: Pick<Session, 'id' | 'pid' | 'startTime' | 'cwd' | 'configDir' | 'startedAt' | 'lastActiveAt'>,
): Session {
  return {
    firstSeenSteadyMs: 0,
    lastSeenSteadyMs: 0,
    ...known,
    alias: null,
    claudeSessionId: null,
    version: null,
    file: null,
    hookState: null,
    hooksSeen: false,
    peersOff: false,
    permissionTool: null,
    transcriptPath: null,
    supervisor: null,
    gateShutSince: null,
    leavingSinceSteadyMs: null,
  };
}
