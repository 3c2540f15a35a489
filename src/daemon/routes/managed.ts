/** Routes about managed sessions: which there are, start, stop, resume, restart, forget, their screen. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { hostPaths } from '../../home/paths.ts';
import { readScreen } from '../../host-client/host-connection.ts';
import { framesUpgrade } from '../../protocol/frames.ts';
import type { ManagedRecord, ManagedSession } from '../../protocol/managed.ts';
import { parseSchedule, parseStartRequest } from '../../protocol/parse.ts';
import { checkSessionName } from '../../protocol/session-name.ts';
import type { RouteDefinition, RouteRequest } from '../http-server.ts';
import type { Attachments } from '../managed/attachments.ts';
import type { HostProcesses } from '../managed/host-processes.ts';
import { managedRecordOf } from '../managed/managed-record.ts';
import type { ManagedSessions } from '../managed/managed-sessions.ts';
import type { ManagedStore } from '../managed/managed-store.ts';

export interface ManagedRoutesOptions {
  managed: ManagedSessions;
  managedStore: ManagedStore;
  hosts: HostProcesses;
  attachments: Attachments;
  env: NodeJS.ProcessEnv;
}

export function managedRoutes(options: ManagedRoutesOptions): RouteDefinition[] {
  const { managed, managedStore, hosts, attachments, env } = options;
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
    {
      method: 'POST',
      path: '/v1/managed/:id/schedule',
      who: 'local',
      handle: async ({ params, body }) => record(await managed.schedule(params[0]!, parseSchedule(body ?? null))),
    },
    { method: 'GET', path: '/v1/managed/:id/screen', who: 'local', handle: screen },
    {
      method: 'GET',
      path: '/v1/managed/:id/attach',
      who: 'local',
      handle: () => {
        throw new ClaudexError(
          'BAD_REQUEST',
          `Ask for it with the headers "Connection: Upgrade" and "Upgrade: ${framesUpgrade}".`,
        );
      },
      upgrade: {
        protocol: framesUpgrade,
        handle: ({ params, socket, head, accept }) => {
          const { id } = managedStore.known(params[0]!);
          return attachments.join(socket, head, hostPaths(id, env).socket, accept);
        },
      },
    },
  ];

  async function start({ body }: RouteRequest): Promise<ManagedRecord> {
    const request = parseStartRequest(body);
    if (request.name !== undefined) checkSessionName(request.name);
    return record(await managed.start(request));
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
    return managedRecordOf(one, { hosts, env });
  }
}
