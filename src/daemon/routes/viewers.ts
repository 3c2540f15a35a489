/** Routes about sessions in a person's terminal: having others look at them, taking them out of it. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { hostPaths } from '../../home/paths.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import { parseAdoptRequest } from '../../protocol/parse.ts';
import type { RouteDefinition, RouteRequest } from '../http-server.ts';
import type { HostProcesses } from '../managed/host-processes.ts';
import { managedRecordOf } from '../managed/managed-record.ts';
import type { ManagedSessions } from '../managed/managed-sessions.ts';
import { isUp, type ManagedStore } from '../managed/managed-store.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { SupervisorRequests } from '../sessions/supervisor-requests.ts';
import { sessionById } from './sessions.ts';

export interface ViewerRoutesOptions {
  managed: ManagedSessions;
  managedStore: ManagedStore;
  hosts: HostProcesses;
  table: SessionTable;
  requests: SupervisorRequests;
  env: NodeJS.ProcessEnv;
}

export function viewerRoutes(options: ViewerRoutesOptions): RouteDefinition[] {
  const { managed, managedStore, hosts, table, requests, env } = options;
  return [
    { method: 'POST', path: '/v1/sessions/:id/viewers', who: 'local', handle: takeViewers },
    { method: 'POST', path: '/v1/sessions/:id/hand-over', who: 'local', handle: handOver },
    { method: 'POST', path: '/v1/managed/:id/adopt', who: 'local', handle: adopt },
  ];

  /** Its claudex gives it to a host, and ends. */
  async function handOver({ params }: RouteRequest): Promise<ManagedRecord> {
    const id = params[0]!;
    const one = managedStore.get(id);
    if (one && isUp(one)) throw new ClaudexError('SESSION_RUNS', 'No terminal of its own holds it.');
    await requests.ask(sessionById(table, id), 'hand-over');
    return managedRecordOf(managedStore.known(id), { hosts, env });
  }

  /** That host has it now. */
  function adopt({ params, body }: RouteRequest): ManagedRecord {
    const id = params[0]!;
    const one = managed.adopt(id, parseAdoptRequest(body));
    requests.handedOver(id);
    return managedRecordOf(one, { hosts, env });
  }

  /** A managed session always takes viewers, one in somebody's terminal when it is asked. */
  async function takeViewers({ params }: RouteRequest): Promise<{ socket: string }> {
    const id = params[0]!;
    const { socket } = hostPaths(id, env);
    const one = managedStore.get(id);
    if (one && isUp(one)) return { socket };
    hosts.prepare();
    await requests.ask(sessionById(table, id), 'take-viewers');
    return { socket };
  }
}
