/** A managed session as the daemon tells of it. */
import { hostPaths } from '../../home/paths.ts';
import { type ManagedRecord, type ManagedSession, managedView } from '../../protocol/managed.ts';
import type { DaemonEvent } from '../../protocol/wire.ts';
import type { HostProcesses } from './host-processes.ts';
import type { ManagedStore } from './managed-store.ts';

export interface RecordSources {
  hosts: Pick<HostProcesses, 'read'>;
  env: NodeJS.ProcessEnv;
}

export function managedRecordOf(one: ManagedSession, { hosts, env }: RecordSources): ManagedRecord {
  return {
    id: one.id,
    name: one.name,
    cwd: one.cwd,
    sessionId: one.claudeSessionId,
    ...managedView(one),
    viewers: hosts.read(one.id)?.viewers ?? 0,
    schedule: scheduleOf(one),
    socket: hostPaths(one.id, env).socket,
  };
}

/** What `GET /v1/events` says when the record of that id has come, changed or gone. */
export function managedEventOf(id: string, store: Pick<ManagedStore, 'get'>, sources: RecordSources): DaemonEvent {
  const one = store.get(id);
  return one ? { type: 'managed', managed: managedRecordOf(one, sources) } : { type: 'managed-forgotten', id };
}

function scheduleOf({ schedule, scheduled, state }: ManagedSession): ManagedRecord['schedule'] {
  if (!schedule) return null;
  const comes = state === 'sleeping' || state === 'running' || state === 'starting';
  const nextAt = comes ? (scheduled?.nextAt ?? null) : null;
  return { ...schedule, nextAt: nextAt === null ? null : new Date(nextAt).toISOString() };
}
