/** One message to a push service. The only importer of web-push; a file of its own in the build, loaded with the first message. */
import { request } from 'node:https';
import webPush from 'web-push';
import { outerLookup } from './push/push-endpoint.ts';
import type { PushSubscription } from './push/push-subscriptions.ts';
import type { VapidKeys } from './push/vapid-keys.ts';

/** What became of it: `gone` is a subscription that is no more; `refused` says the status, `unreachable` why. */
export type PushOutcome =
  | { kind: 'sent' | 'gone' }
  | { kind: 'refused'; status: number }
  | { kind: 'unreachable'; why: string };

export interface PushMessage {
  subscription: PushSubscription;
  payload: string;
  /** A later message of the same topic takes the place of one that has not reached the device. */
  topic: string;
  keys: VapidKeys;
  /** Whom the push service may turn to: `mailto:…` or `https://…`. */
  contact: string;
  mayBeInner: boolean;
}

/** A question waits for a day, and so does what tells of it. */
const keptSeconds = 24 * 3600;
const timeoutMs = 10_000;

/** Never throws for what the other side does. @throws where the subscription's keys are none */
export function sendPush({
  subscription,
  payload,
  topic,
  keys,
  contact,
  mayBeInner,
}: PushMessage): Promise<PushOutcome> {
  const { method, headers, body, endpoint } = webPush.generateRequestDetails(subscription, payload, {
    vapidDetails: { subject: contact, ...keys },
    TTL: keptSeconds,
    urgency: 'high',
    topic,
  });
  return new Promise((resolve) => {
    const options = {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(!mayBeInner && { lookup: outerLookup }),
    };
    // no redirect is followed, and nothing of the answer but its status is looked at
    const sent = request(endpoint, options, ({ statusCode: status = 0 }) => {
      sent.destroy();
      if (status >= 200 && status < 300) resolve({ kind: 'sent' });
      else resolve(status === 404 || status === 410 ? { kind: 'gone' } : { kind: 'refused', status });
    });
    sent.once('error', ({ name, message }) => {
      resolve({ kind: 'unreachable', why: name === 'AbortError' || name === 'TimeoutError' ? 'no answer' : message });
    });
    sent.end(body);
  });
}
