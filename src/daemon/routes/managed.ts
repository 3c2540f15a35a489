/** Routes about managed sessions: which there are, start, stop, resume, restart, forget, their screen. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { hostPaths } from '../../home/paths.ts';
import { readScreen } from '../../host-client/host-connection.ts';
import { type ManagedRecord, type ManagedSession, managedView } from '../../protocol/managed.ts';
import { parseStartRequest } from '../../protocol/parse.ts';
import { checkSessionName } from '../../protocol/session-name.ts';
import type { RouteDefinition, RouteRequest } from '../http-server.ts';
import type { HostProcesses } from '../managed/host-processes.ts';
import type { ManagedSessions } from '../managed/managed-sessions.ts';
import { isUp, type ManagedStore } from '../managed/managed-store.ts';

import type { SessionTable } from '../sessions/session-table.ts';
import type { SupervisorRequests } from '../sessions/supervisor-requests.ts';
import { sessionById } from './sessions.ts';

export interface ManagedRoutesOptions {
  managed: ManagedSessions;
  managedStore: ManagedStore;
  hosts: HostProcesses;
  table: SessionTable;
  requests: SupervisorRequests;
  env: NodeJS.ProcessEnv;
}

export function managedRoutes({
  managed,
  managedStore,
  hosts,
  table,
  requests,
  env,
}: ManagedRoutesOptions): RouteDefinition[] {
  return [
    { method: 'GET', path: '/v1/managed', who: 'local', handle: () => ({ managed: managedStore.all().map(record) }) },
    { method: 'POST', path: '/v1/managed', who: 'local', handle: start },
    {
      method: 'POST',
      path: '/v1/managed/:id/resume',
      who: 'local',
      handle: async ({ params }) => record(await managed.resume(params[0]!)),
    },
    {
      method: 'POST',
      path: '/v1/managed/:id/stop',
      who: 'local',
      handle: ({ params, query }) => record(managed.stop(params[0]!, { now: query.get('now') === 'true' })),
    },
    {
      method: 'POST',
      path: '/v1/managed/:id/restart',
      who: 'local',
      handle: async ({ params }) => record(await managed.restart(params[0]!)),
    },
    {
      method: 'POST',
      path: '/v1/managed/:id/forget',
      who: 'local',
      handle: ({ params }) => managed.forget(params[0]!),
    },
    { method: 'GET', path: '/v1/managed/:id/screen', who: 'local', handle: screen },
    { method: 'POST', path: '/v1/sessions/:id/viewers', who: 'local', handle: takeViewers },
  ];

  async function start({ body }: RouteRequest): Promise<ManagedRecord> {
    const request = parseStartRequest(body);
    if (request.name !== undefined) checkSessionName(request.name);
    return record(await managed.start(request));
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

  async function screen({ params, query }: RouteRequest): Promise<{ text: string }> {
    const one = managedStore.known(params[0]!);
    const asked = query.get('lines');
    if (asked !== null && !/^[1-9]\d{0,5}$/.test(asked))
      throw new ClaudexError('BAD_REQUEST', '"lines" must be a whole number.');
    const lines = asked === null ? {} : { lines: Number(asked) };
    const text = await readScreen(hostPaths(one.id, env).socket, { ...lines, ansi: query.get('ansi') === 'true' });
    return { text };
  }

  function record(one: ManagedSession): ManagedRecord {
    return {
      id: one.id,
      name: one.name,
      cwd: one.cwd,
      sessionId: one.claudeSessionId,
      ...managedView(one),
      viewers: hosts.read(one.id)?.viewers ?? 0,
      socket: hostPaths(one.id, env).socket,
    };
  }
}
