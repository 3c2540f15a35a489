/** What a machine tells of itself, and what is taken of what others have told. Pure; nothing that comes over the mesh is believed in its form. */
import { sanitiseLine } from '../protocol/sanitise.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { isMachineName } from './machine-name.ts';
import type { RemoteSession } from './mesh-files.ts';

const maxSessions = 200;
const maxBytes = 120_000;

/** The value of a machine's key. */
export interface MachineRecord {
  id: string;
  version: string;
  /** The public half of its NKEY: what it says is signed with the other one. Empty where it has told none. */
  key: string;
  /** It takes encrypted bodies alone (the setting `mesh.encrypt`). */
  isSealing: boolean;
  sessions: RemoteSession[];
  moreSessions: number;
}

/** Whose key that is: `devbox`, or its heartbeat's `devbox.beat`; undefined for any other. */
export function readKey(key: string): { name: string; isBeat: boolean } | undefined {
  const [name = '', beat, ...more] = key.split('.');
  if (!isMachineName(name) || more.length > 0 || (beat !== undefined && beat !== 'beat')) return undefined;
  return { name, isBeat: beat === 'beat' };
}

/** This machine's own value: as many sessions as fit. */
export function recordText(
  id: string,
  version: string,
  all: readonly SessionRecord[],
  { key = '', isSealing = false }: { key?: string | undefined; isSealing?: boolean } = {},
): string {
  const latest = [...all].sort((a, b) => b.lastActiveAt.localeCompare(a.lastActiveAt)).slice(0, maxSessions);
  for (let count = latest.length; ; count--) {
    const sessions = latest.slice(0, count).map(told);
    const text = JSON.stringify({
      id,
      version,
      key,
      isSealing,
      sessions,
      moreSessions: all.length - count,
    } satisfies MachineRecord);
    if (Buffer.byteLength(text) <= maxBytes || count === 0) return text;
  }
}

/** No pid and no transcript: they mean nothing elsewhere. */
function told(one: SessionRecord): RemoteSession {
  const { id, name, alias, claudeName, cwd, state, waitingFor, kind, supervised } = one;
  const { pending, stuck, version, startedAt, lastActiveAt } = one;
  return {
    id,
    name,
    alias,
    claudeName,
    cwd,
    state,
    waitingFor,
    kind,
    supervised,
    pending,
    stuck,
    version,
    startedAt,
    lastActiveAt,
  };
}

/** Undefined for what is no record. Each text is one line, and bounded. */
export function readRecord(text: string): MachineRecord | undefined {
  if (text.length > 2 * maxBytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value.id !== 'string' || !Array.isArray(value.sessions)) return undefined;
  const sessions = value.sessions.slice(0, maxSessions).flatMap((one) => readSession(one) ?? []);
  return {
    id: line(value.id),
    version: line(value.version),
    isSealing: value.isSealing === true,
    key: typeof value.key === 'string' && /^U[A-Z2-7]{55}$/.test(value.key) ? value.key : '',
    sessions,
    moreSessions: count(value.moreSessions),
  };
}

const states = ['starting', 'idle', 'busy', 'waiting', 'gone'] as const;

function readSession(value: unknown): RemoteSession | undefined {
  if (!isObject(value) || typeof value.id !== 'string' || !/^[\w-]{1,40}$/.test(value.id)) return undefined;
  const state = states.find((one) => one === value.state);
  if (state === undefined) return undefined;
  return {
    id: value.id,
    name: line(value.name),
    alias: lineOrNull(value.alias),
    claudeName: lineOrNull(value.claudeName),
    cwd: line(value.cwd, 1024),
    state,
    waitingFor: lineOrNull(value.waitingFor),
    kind: value.kind === 'background' ? 'background' : 'interactive',
    supervised: value.supervised === true,
    pending: count(value.pending),
    stuck: count(value.stuck),
    version: lineOrNull(value.version),
    startedAt: time(value.startedAt),
    lastActiveAt: time(value.lastActiveAt),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function line(value: unknown, maxChars = 200): string {
  return typeof value === 'string' ? sanitiseLine(value, maxChars) : '';
}

function lineOrNull(value: unknown): string | null {
  return typeof value === 'string' ? line(value) : null;
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

function time(value: unknown): string {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return new Date(Number.isNaN(at) ? 0 : at).toISOString();
}
