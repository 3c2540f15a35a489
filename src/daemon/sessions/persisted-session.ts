/** What of a session survives a restart of the daemon. */
import type { Clock } from '../../process/clock.ts';
import { knownSession, type Session } from './session.ts';

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
  'lastHook',
  'peersOff',
  'seat',
  'hadSupervisor',
  'permissionMode',
  'startedAt',
  'lastActiveAt',
  'firstSeenSteadyMs',
  'lastSeenSteadyMs',
] as const satisfies readonly (keyof Session)[];

/** A session as it is written down. */
export type PersistedSession = Pick<Session, (typeof persistedFields)[number]>;

/** Of a daemon that did not write these down yet. */
const seenLongAgo = { firstSeenSteadyMs: 0, lastSeenSteadyMs: 0 };

/** The record as an earlier daemon wrote it down. */
export function restoredSession(persisted: PersistedSession, clock: Clock): Session {
  return knownSession({ ...seenLongAgo, ...pick(persisted) }, clock);
}

/** What is to be written down of a session. */
export function persistedOf(session: Session): PersistedSession {
  return pick(session);
}

function pick(from: PersistedSession): PersistedSession {
  const known = persistedFields.filter((field) => from[field] !== undefined);
  return Object.fromEntries(known.map((field) => [field, from[field]])) as unknown as PersistedSession;
}

type Checks = { [K in keyof PersistedSession]: (value: unknown) => boolean };

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
/** Up to what a Date can be. */
const isTime = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= 8.64e15;

function isSeatOrNull(value: unknown): boolean {
  if (value === null) return true;
  const { pid, startTime, jobId } = (value ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(pid) && isText(startTime) && isText(jobId);
}

function isHookOrNull(value: unknown): boolean {
  if (value === null) return true;
  const { event, at } = (value ?? {}) as Record<string, unknown>;
  return isText(event) && isTime(at);
}

const needed = {
  id: isText,
  pid: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  startTime: isText,
  cwd: isText,
  configDir: isText,
  startedAt: isTime,
  lastActiveAt: isTime,
} satisfies Partial<Checks>;

/** What earlier versions did not write down. */
const optional = {
  claudeSessionId: isTextOrNull,
  version: isTextOrNull,
  transcriptPath: isTextOrNull,
  hooksSeen: isFlag,
  lastHook: isHookOrNull,
  peersOff: isFlag,
  seat: isSeatOrNull,
  firstSeenSteadyMs: isTime,
  lastSeenSteadyMs: isTime,
} satisfies Partial<Checks>;

/** Undefined for what is no session. */
export function parsePersisted(value: unknown): PersistedSession | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  // up to 0.1 claude's id was called sessionId
  const one = { ...record, claudeSessionId: record.claudeSessionId ?? record.sessionId ?? null } as Record<
    string,
    unknown
  >;
  const isWhole =
    Object.entries(needed).every(([field, check]) => check(one[field])) &&
    Object.entries(optional).every(([field, check]) => one[field] === undefined || check(one[field]));
  return isWhole ? (one as unknown as PersistedSession) : undefined;
}
