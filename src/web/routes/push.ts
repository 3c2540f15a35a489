/** Routes about Web Push: what it tells, and where a device wants it. */
import { ECDH } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { endpointFault } from '../push/push-endpoint.ts';
import { whyNot } from '../push/question-push.ts';
import { route, type WebRoute } from '../route.ts';
import { pushState, pushSubscription } from '../schemas.ts';
import type { WebParts } from '../web-routes.ts';

export function pushRoutes({ push, pushSubscriptions, vapid, settings, log }: WebParts): WebRoute[] {
  return [
    route({
      method: 'get',
      path: '/push',
      scope: 'view',
      summary: 'Web Push: what a push tells, the key to subscribe with, and whether this device is subscribed',
      answer: pushState,
      handle: ({ device }) => ({
        push: settings['web.push'],
        key: vapid().publicKey,
        subscribed: pushSubscriptions.has(device.id),
      }),
    }),
    route({
      method: 'post',
      path: '/push/subscriptions',
      scope: 'view',
      summary:
        'Push to this device what sessions ask; one subscription for each device, the newest. A first push is sent at once',
      body: pushSubscription,
      answer: z.looseObject({ subscribed: z.literal(true) }),
      errors: ['PUSH_OFF', 'PUSH_ENDPOINT', 'PUSH_REFUSED'],
      handle: async ({ body, device }) => {
        if (settings['web.push'] === 'off') throw new ClaudexError('PUSH_OFF');
        const fault = endpointFault(body.endpoint, settings['web.pushPrivate']);
        if (fault !== undefined) throw new ClaudexError('PUSH_ENDPOINT', `The address is not good: ${fault}.`);
        checkKeys(body.keys);
        const outcome = await push.welcome(body);
        if (outcome.kind === 'sent') {
          pushSubscriptions.keep(device.id, body);
          const { host } = new URL(body.endpoint);
          log('push-subscribed', { device: device.id, service: host });
          return { subscribed: true };
        }
        throw new ClaudexError('PUSH_REFUSED', `${new URL(body.endpoint).host}: ${whyNot(outcome)}.`);
      },
    }),
    route({
      method: 'delete',
      path: '/push/subscriptions',
      scope: 'view',
      summary: 'Push nothing more to this device',
      answer: z.looseObject({ subscribed: z.literal(false) }),
      handle: ({ device }) => {
        pushSubscriptions.drop(device.id);
        return { subscribed: false };
      },
    }),
  ];
}

/** @throws ClaudexError BAD_REQUEST */
function checkKeys({ p256dh, auth }: { p256dh: string; auth: string }): void {
  try {
    ECDH.convertKey(p256dh, 'prime256v1', 'base64url');
  } catch {
    throw new ClaudexError('BAD_REQUEST', '"keys.p256dh": no point of P-256.');
  }
  if (Buffer.from(auth, 'base64url').length !== 16) throw new ClaudexError('BAD_REQUEST', '"keys.auth": not 16 bytes.');
}
