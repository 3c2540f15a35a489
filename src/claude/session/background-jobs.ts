/**
 * The background jobs of claude's own daemon: `<config dir>/daemon/roster.json` (undocumented; measured on 2.1.197 and 2.1.332,
 * pinned by test/e2e/delivery/background.test.ts). One ← in an empty prompt box, `/background` and `claude --bg` all end in a job:
 * a claude of its own, on a terminal of claude's daemon.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAtLeast } from '../../home/package.ts';
import type { ClaudeSessionFile } from './session-file.ts';

/** A roster larger than this is not claude's. */
const maxRosterBytes = 4 << 20;

export interface BackgroundJob {
  id: string;
  /** True when a session was moved into it (←, `/background`); a copy of a session (`/fork`, `--bg --resume`) is none. */
  wasSession: boolean;
  /** The transcript of the session that was moved; null for one that had said nothing yet. */
  transcriptPath: string | null;
  cwd: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** The jobs that claude's daemon runs now; none where it has never run or writes another format. */
export function readBackgroundJobs(configDir: string): BackgroundJob[] {
  const path = join(configDir, 'daemon', 'roster.json');
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > maxRosterBytes) return [];
    return parseBackgroundJobs(readFileSync(path, 'utf8'));
  } catch {
    return []; // there is none
  }
}

/** Parses the roster's text. Pure. @throws SyntaxError when it is no JSON */
export function parseBackgroundJobs(text: string): BackgroundJob[] {
  const { workers } = (JSON.parse(text) ?? {}) as { workers?: Record<string, { dispatch?: unknown }> };
  return Object.entries(workers ?? {}).flatMap(([id, worker]) => {
    const dispatch = (worker?.dispatch ?? {}) as Record<string, unknown>;
    const launch = (dispatch.launch ?? {}) as Record<string, unknown>;
    if (typeof dispatch.cwd !== 'string' || typeof dispatch.createdAt !== 'number') return [];
    const transcriptPath = launch.mode === 'resume' && typeof launch.sessionId === 'string' ? launch.sessionId : null;
    const wasSession =
      dispatch.source === 'slash' && (transcriptPath?.startsWith('/') ?? launch.mode === 'prompt') === true;
    return [{ id, wasSession, transcriptPath, cwd: dispatch.cwd, createdAt: dispatch.createdAt }];
  });
}

/** How long a job may take from its beginning until claude's daemon lists it. */
const startingMs = 60_000;

/**
 * True while claude starts a job in the session's folder that its daemon does not list yet: it may be this session that moves. Only
 * claudes before 2.1.330 leave that open.
 * @param now milliseconds since the epoch
 */
export function isJobStarting(configDir: string, file: ClaudeSessionFile, now: number): boolean {
  if (isAtLeast(file.version, '2.1.330') || file.startedAt === null) return false;
  const folder = join(configDir, 'jobs');
  try {
    const listed = new Set(readBackgroundJobs(configDir).map(({ id }) => id));
    return readdirSync(folder).some((id) => {
      const path = join(folder, id, 'state.json');
      if (listed.has(id) || !/^[0-9a-f]{8}$/.test(id) || now - statSync(path).mtimeMs > startingMs) return false;
      const { cwd, createdAt, state } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      const beganAt = Date.parse(String(createdAt));
      return cwd === file.cwd && state === 'working' && beganAt >= file.startedAt! && now - beganAt < startingMs;
    });
  } catch {
    return false; // no job was ever started, or one is being written
  }
}

/** What has to be known of a session to say whether it was moved. */
export interface MovableSession {
  claudeSessionId: string | null;
  /** True once its transcript is there. */
  hasSaidSomething: boolean;
  file: ClaudeSessionFile;
}

/**
 * The job that a session was moved into, or undefined. Newer claudes say so in the session's file (`parkedJobId`); of older ones, and
 * of one that ends right away (`/background`), the job names the transcript that it went on from. Pure.
 */
export function jobMovedInto(session: MovableSession, jobs: readonly BackgroundJob[]): string | undefined {
  const { file } = session;
  if (file.jobId !== null) return undefined;
  if (file.parkedJobId !== null) return file.parkedJobId;
  return jobs.find((job) => {
    // a later claude that has resumed the conversation was not moved
    if (!job.wasSession || file.startedAt === null || job.createdAt < file.startedAt) return false;
    if (job.transcriptPath !== null) return basename(job.transcriptPath, '.jsonl') === session.claudeSessionId;
    return !session.hasSaidSomething && job.cwd === file.cwd && !isAtLeast(file.version, '2.1.330');
  })?.id;
}
