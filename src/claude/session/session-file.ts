/**
 * Claude's own small file per running session: `<config dir>/sessions/<pid>.json` (docs/claude-facts.md#session-file).
 * Right where hooks are wrong: idle after Esc, waiting under a dialog. Never trusted when its pid is dead.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionState } from '../../protocol/session.ts';

export interface ClaudeSessionFile {
  pid: number;
  sessionId: string;
  cwd: string;
  version: string | null;
  /** `interactive` for a session with a prompt box, but also for `claude -p` (measured on 2.1.197 and 2.1.330); `bg` for a job. */
  kind: string | null;
  /** The job of claude's own daemon that it is; null for what runs in a terminal. */
  jobId: string | null;
  /** A job that was started to be there when one is wanted: nobody's session yet. */
  isSpare: boolean;
  /** The job into which this session was moved: its process only shows that job, or the agents view (2.1.330). */
  parkedJobId: string | null;
  /** `cli` for a session with a prompt box, `sdk-cli` and other `sdk-…` for `claude -p`. */
  entrypoint: string | null;
  /** Kernel start time of the process (Linux: clock ticks since boot). */
  procStart: string | null;
  /** Where its pid counts: `linux:<machine id>:pid:[<namespace>]` (2.1.330; null before). */
  pidDomain: string | null;
  status: string | null;
  waitingFor: string | null;
  /** When `status` changed last, in milliseconds since the epoch. */
  statusUpdatedAt: number | null;
  startedAt: number | null;
  /** What `/rename` gave it; null for one that claude made up of the folder's name. */
  name: string | null;
  /** Since 2.1.224. */
  messagingSocketPath: string | null;
}

export function sessionFilesDir(configDir: string): string {
  return join(configDir, 'sessions');
}

export function sessionFilePath(configDir: string, pid: number): string {
  return join(sessionFilesDir(configDir), `${pid}.json`);
}

/** Parses the file's text; undefined for anything that is not a whole record (a write in progress, another format). */
export function parseSessionFile(text: string): ClaudeSessionFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // half-written
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  if (typeof record.pid !== 'number' || typeof record.sessionId !== 'string' || typeof record.cwd !== 'string') {
    return undefined;
  }
  const text_ = (key: string): string | null => (typeof record[key] === 'string' ? (record[key] as string) : null);
  return {
    pid: record.pid,
    sessionId: record.sessionId,
    cwd: record.cwd,
    version: text_('version'),
    kind: text_('kind'),
    jobId: text_('jobId'),
    // 2.1.197 does not say `spare`: there a job that has been used has a name of its own
    isSpare:
      record.spare === true ||
      (record.pidDomain === undefined && typeof record.agent === 'string' && record.name === record.jobId),
    parkedJobId: text_('parkedJobId'),
    entrypoint: text_('entrypoint'),
    procStart: text_('procStart'),
    pidDomain: text_('pidDomain'),
    status: text_('status'),
    waitingFor: text_('waitingFor'),
    statusUpdatedAt: typeof record.statusUpdatedAt === 'number' ? record.statusUpdatedAt : null,
    startedAt: typeof record.startedAt === 'number' ? record.startedAt : null,
    name: record.nameSource === 'derived' ? null : text_('name'),
    messagingSocketPath: text_('messagingSocketPath'),
  };
}

/** Reads one session's file; undefined when there is none or it cannot be parsed. */
export function readSessionFile(configDir: string, pid: number): ClaudeSessionFile | undefined {
  try {
    return parseSessionFile(readFileSync(sessionFilePath(configDir, pid), 'utf8'));
  } catch {
    return undefined; // not written yet, or already removed
  }
}

/**
 * True when the process that started at `startTime` has written the file: not an earlier one with its pid, nor one of another
 * machine or container that shares the folder. On Linux a file that does not say its start is nobody's; elsewhere the start
 * cannot be compared, and the pid has to do.
 */
export function isWrittenBy(file: ClaudeSessionFile, startTime: string): boolean {
  if (process.platform !== 'linux') return true;
  return file.procStart === startTime && (file.pidDomain === null || file.pidDomain.endsWith(pidNamespace()));
}

let ownNamespace: string | undefined;

/** The pid namespace of this process, as claude writes it; empty where the system does not tell. */
function pidNamespace(): string {
  try {
    ownNamespace ??= readlinkSync('/proc/self/ns/pid');
  } catch {
    ownNamespace = '';
  }
  return ownNamespace;
}

/**
 * True for a session: what a person sits at, or has put into the background. `claude -p` is none, though it writes such a file
 * too, nor is a job that waits to be used.
 */
export function isSession(file: ClaudeSessionFile): boolean {
  if (file.entrypoint?.startsWith('sdk')) return false;
  if (file.kind === 'bg') return file.jobId !== null && !file.isSpare;
  return file.kind === null || file.kind === 'interactive';
}

/** Every session file of a config folder that can be read. */
export function readSessionFiles(configDir: string): ClaudeSessionFile[] {
  let names: string[];
  try {
    names = readdirSync(sessionFilesDir(configDir));
  } catch {
    return []; // claude has not made it yet
  }
  const pids = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
  return pids.flatMap((pid) => readSessionFile(configDir, Number(pid)) ?? []);
}

/**
 * Claude's status word as a session state. `shell` is an idle session beside which a background shell runs (a dev server); a
 * running `!command` is `busy` (measured on 2.1.197 and 2.1.332). Unknown words count as busy: never type.
 */
export function stateFromStatus(status: string | null): SessionState {
  if (status === 'idle' || status === 'waiting') return status;
  if (status === 'shell') return 'idle';
  return status === null ? 'starting' : 'busy';
}
