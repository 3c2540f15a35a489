/** Routes about sessions in a person's terminal: having others look at them. */
import { hostPaths } from '../../home/paths.ts';
import type { RouteDefinition, RouteRequest } from '../http-server.ts';
import type { HostProcesses } from '../managed/host-processes.ts';
import { isUp, type ManagedStore } from '../managed/managed-store.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { SupervisorRequests } from '../sessions/supervisor-requests.ts';
import { sessionById } from './sessions.ts';

export interface ViewerRoutesOptions {
  managedStore: ManagedStore;
  hosts: HostProcesses;
  table: SessionTable;
  requests: SupervisorRequests;
  env: NodeJS.ProcessEnv;
}

export function viewerRoutes({ managedStore, hosts, table, requests, env }: ViewerRoutesOptions): RouteDefinition[] {
  return [{ method: 'POST', path: '/v1/sessions/:id/viewers', who: 'local', handle: takeViewers }];

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
