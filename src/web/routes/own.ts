/** Routes about the web face itself: how it is, who has been let in, its events. */
import { z } from '@hono/zod-openapi';
import { packageVersion } from '../../home/package.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { eventStream } from '../event-stream.ts';
import { tokenPrefix } from '../gate.ts';
import { Answer, route, type WebRoute } from '../route.ts';
import { device, health } from '../schemas.ts';
import { scopes } from '../scopes.ts';
import type { WebParts } from '../web-routes.ts';

export function ownRoutes({ feed, devices, gate, limits, clients, startedAtMs, log }: WebParts): WebRoute[] {
  return [
    route({
      method: 'get',
      path: '/health',
      scope: 'view',
      summary: 'How the server is',
      answer: health,
      handle: () => ({
        status: feed.isLive ? 'ok' : 'no-daemon',
        version: packageVersion(),
        uptimeMs: Math.round(performance.now() - startedAtMs),
        sessions: feed.count,
        memoryBytes: process.memoryUsage.rss(),
        clients: clients.count,
      }),
    }),
    route({
      method: 'get',
      path: '/events',
      scope: 'view',
      summary: 'What changes, as server-sent events; Last-Event-ID gives what was missed, or `resync`',
      answer: 'text/event-stream',
      handle: ({ device: { id }, signal, lastEventId }) =>
        eventStream(feed.ring, { device: id, lastEventId, clients, signal }),
    }),
    route({
      method: 'post',
      path: '/pair',
      scope: 'anyone',
      summary:
        'Let a browser in with the code of a pairing link: sets its cookie. With `scopes` a program: answers with its token',
      body: z
        .strictObject({
          code: z.string().min(1).max(100),
          name: z.string().max(200).optional(),
          scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).optional(),
        })
        .openapi('Pair'),
      answer: z.looseObject({ device, token: z.string().optional() }),
      errors: ['PAIRING_REFUSED', 'TOO_MANY_TRIES'],
      handle: ({ body: { code, name = '', scopes: wanted }, address, isSecure }) => {
        limits.take(address);
        const called = oneLine(name).trim().slice(0, 60) || (wanted ? 'a program' : 'a browser');
        const paired = devices.pair(code, called, wanted);
        log('paired', { device: paired.device.id });
        if (wanted) return Answer.json({ device: paired.device, token: `${tokenPrefix}${paired.secret}` });
        return Answer.json({ device: paired.device }, 200, { 'set-cookie': gate.cookie(paired.secret, isSecure) });
      },
    }),
    route({
      method: 'get',
      path: '/me',
      scope: 'paired',
      summary: 'The device that asks, and what it may do',
      answer: z.looseObject({ device }),
      handle: ({ device: own }) => ({ device: own }),
    }),
    route({
      method: 'get',
      path: '/devices',
      scope: 'manage',
      summary: 'Every browser and program that has been let in',
      answer: z.looseObject({ devices: z.array(device) }),
      handle: () => ({ devices: devices.list() }),
    }),
    route({
      method: 'delete',
      path: '/devices/{id}',
      scope: 'manage',
      summary: 'Revoke a device: it is let in no more, and its connections end',
      answer: z.looseObject({}),
      errors: ['NO_SUCH_DEVICE'],
      handle: ({ params }) => {
        devices.revoke(params.id!);
        log('revoked', { device: params.id! });
        clients.dropRevoked();
        return {};
      },
    }),
  ];
}
