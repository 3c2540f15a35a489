/** A session as an earlier daemon wrote it down, checked: the file may have been damaged, or be another version's. */
import type { PersistedSession } from './session.ts';

type Checks = { [K in keyof PersistedSession]: (value: unknown) => boolean };

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
/** Up to what a Date can be. */
const isTime = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= 8.64e15;

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
  peersOff: isFlag,
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
