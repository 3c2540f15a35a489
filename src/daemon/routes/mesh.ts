/** Routes of the mesh: what is to go to other machines, what has come from them, and what waits for them. */
import type { ServerResponse } from 'node:http';
import { type OutgoingMail, parseIncoming, parseNextRequest, type Verdict } from '../../protocol/machine-mail.ts';
import type { RouteDefinition } from '../http-server.ts';
import type { MachineMail } from '../mesh/machine-mail-parts.ts';

export interface MeshRoutesOptions {
  machineMail: MachineMail;
}

export function meshRoutes({ machineMail }: MeshRoutesOptions): RouteDefinition[] {
  return [
    { method: 'POST', path: '/v1/mesh/next', who: 'local', handle: ({ body, response }) => next(body, response) },
    { method: 'POST', path: '/v1/mesh/incoming', who: 'local', handle: ({ body }) => incoming(body) },
    {
      method: 'GET',
      path: '/v1/mesh/backlog',
      who: 'local',
      handle: () => ({ machines: machineMail.outbox.backlog() }),
    },
  ];

  async function next(body: unknown, response: ServerResponse): Promise<{ mails: OutgoingMail[] }> {
    return { mails: await machineMail.next(parseNextRequest(body), response) };
  }

  async function incoming(body: unknown): Promise<{ verdicts: Verdict[] }> {
    return { verdicts: await machineMail.incoming.take(parseIncoming(body)) };
  }
}
