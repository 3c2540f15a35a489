/** Every session that there is: those that run, and managed ones that do not. */
import { basename } from 'node:path';
import type { ManagedRecord, ManagedView } from '../protocol/managed.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { DaemonClient } from './client.ts';

/** A record of `claudex list --all`. One that does not run has no pid, and the state of its record. */
export type AnySession = SessionRecord & { managed: ManagedView | null };

export async function everySession(client: DaemonClient): Promise<AnySession[]> {
  const [live, managed] = await Promise.all([client.sessions(), client.managed()]);
  const recordOf = new Map(managed.map((one) => [one.id, one]));
  const absent = managed.filter(({ id }) => !live.some((one) => one.id === id));
  return [...live.map((one) => withManaged(one, recordOf.get(one.id))), ...absent.map(notRunning)];
}

/** Those of them that run. */
export async function liveSessions(client: DaemonClient): Promise<AnySession[]> {
  return (await everySession(client)).filter(({ pid }) => pid !== null);
}

/** A session that runs, with what is kept of it where it is a managed one. */
export function withManaged(one: SessionRecord, record: ManagedRecord | undefined): AnySession {
  const name = record?.name ?? one.name;
  return { ...one, name, managed: record ? viewOf(record) : null, viewers: record?.viewers ?? one.viewers };
}

/** A managed session that does not run. */
export function notRunning(one: ManagedRecord): AnySession {
  return {
    id: one.id,
    name: one.name ?? (basename(one.cwd) || '/'),
    alias: one.name,
    claudeName: null,
    cwd: one.cwd,
    pid: null as unknown as number,
    sessionId: one.sessionId,
    transcriptPath: null,
    state: one.state as SessionRecord['state'],
    waitingFor: one.state === 'crashed' || one.state === 'ended' ? (one.exit?.reason ?? null) : null,
    kind: 'interactive',
    supervised: false,
    peers: true,
    pending: 0,
    stuck: 0,
    lastHook: null,
    version: null,
    startedAt: one.since,
    lastActiveAt: one.since,
    managed: viewOf(one),
    viewers: one.viewers,
  };
}

function viewOf({ state, keepWarm, idleTimeoutMs, restarts, exit, since }: ManagedRecord): ManagedView {
  return { state, keepWarm, idleTimeoutMs, restarts, exit, since };
}
