/** Routes that supervisors call: their stream of commands, and what became of them. */
import { resolve } from 'node:path';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { processStartTime } from '../../process/identity.ts';
import {
  parseGateReport,
  parseLeaseReport,
  parseQuestionReport,
  parseSupervisorAnswer,
  parseSupervisorHello,
  parseViewersReport,
} from '../../protocol/parse.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { openStream } from '../event-streams.ts';
import { handled, type RouteDefinition, type RouteRequest } from '../http-server.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { SupervisorRequests } from '../sessions/supervisor-requests.ts';
import { sessionById } from './sessions.ts';

export interface SupervisorRoutesOptions {
  registry: SessionRegistry;
  dispatcher: Dispatcher;
  requests: SupervisorRequests;
  version: string;
}

export function supervisorRoutes({
  registry,
  dispatcher,
  requests,
  version,
}: SupervisorRoutesOptions): RouteDefinition[] {
  return [
    { method: 'POST', path: '/v1/supervisors', who: 'local', handle: connect },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/lease',
      who: 'local',
      handle: ({ params, body }) =>
        dispatcher.pasteReported(sessionById(registry.table, params[0]!), parseLeaseReport(body)),
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/answer',
      who: 'local',
      handle: ({ params, body }) => requests.answered(params[0]!, parseSupervisorAnswer(body)),
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/gate',
      who: 'local',
      handle: ({ params, body }) => {
        if (parseGateReport(body).open) dispatcher.gateOpened(sessionById(registry.table, params[0]!));
      },
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/question',
      who: 'local',
      handle: ({ params, body }) => {
        const session = sessionById(registry.table, params[0]!);
        if (session.asks(parseQuestionReport(body).question)) registry.touch(session);
      },
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/viewers',
      who: 'local',
      handle: ({ params, body }) => {
        const session = sessionById(registry.table, params[0]!);
        if (session.viewedBy(parseViewersReport(body).count)) registry.touch(session);
      },
    },
  ];

  /** The answer is the stream of commands: it stays open for as long as the supervisor lives. */
  function connect({ body, response }: RouteRequest): typeof handled {
    const hello = parseSupervisorHello(body);
    const session = registry.ensure(hello.pid, hello.cwd, resolve(hello.configDir));
    if (!session || processStartTime(hello.pid) !== hello.startTime) {
      throw new ClaudexError('NO_SUCH_SESSION', `Process ${hello.pid} is not running.`);
    }
    const supervisor = { pid: hello.supervisorPid, send: openStream(response) };
    session.connected(supervisor, hello.permissionMode);
    response.once('close', () => {
      if (!session.disconnected(supervisor)) return;
      registry.touch(session);
      registry.checkAlive(session);
    });
    supervisor.send({ type: 'welcome', id: session.id, daemonVersion: version });
    registry.touch(session);
    return handled;
  }
}
