/** Every route of the web's API, with its scope: the one table that the server, the tests and openapi.json are made from. */
import type { Log } from '../home/log.ts';
import type { Settings } from '../settings/definitions.ts';
import type { Clients } from './clients.ts';
import type { Devices } from './devices.ts';
import type { Gate } from './gate.ts';
import type { PairingLimits } from './pairing-limits.ts';
import type { PushSubscriptions } from './push/push-subscriptions.ts';
import type { QuestionPush } from './push/question-push.ts';
import type { VapidKeys } from './push/vapid-keys.ts';
import type { RouteScope, WebRoute } from './route.ts';
import { conversationRoutes } from './routes/conversations.ts';
import { messageRoutes } from './routes/messages.ts';
import { ownRoutes } from './routes/own.ts';
import { pushRoutes } from './routes/push.ts';
import { questionRoutes } from './routes/questions.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { usageRoutes } from './routes/usage.ts';
import type { SessionFeed } from './session-feed.ts';

/** What the routes work with. */
export interface WebParts {
  env: NodeJS.ProcessEnv;
  feed: SessionFeed;
  devices: Devices;
  gate: Gate;
  clients: Clients;
  limits: PairingLimits;
  push: QuestionPush;
  pushSubscriptions: PushSubscriptions;
  /** The keys of this server; made when they are asked for first. */
  vapid: () => VapidKeys;
  settings: Settings;
  log: Log;
  /** Of the steady clock (`performance.now`). */
  startedAtMs: number;
}

export function webRoutes(parts: WebParts): WebRoute[] {
  return [
    ...ownRoutes(parts),
    ...sessionRoutes(parts),
    ...messageRoutes(parts),
    ...questionRoutes(parts),
    ...conversationRoutes(parts),
    ...usageRoutes(parts),
    ...pushRoutes(parts),
  ];
}

/** What is no JSON: paths that are upgraded to sockets, with their scopes. `/chat` takes `view` as well, or a token in its own path. */
export const socketRoutes: ReadonlyArray<{ path: string; scope: RouteScope; readOnlyScope?: RouteScope }> = [
  { path: '/ws', scope: 'view' },
  { path: '/api/v1/sessions/{id}/terminal', scope: 'terminal', readOnlyScope: 'view' },
];
