/**
 * The daemon's HTTP API as data: method, path, who may ask, what it does. Documented in docs/api.md, compared with it by a test.
 * By subject in routes/.
 */
import type { RouteDefinition } from './http-server.ts';
import { type OwnRoutesOptions, ownRoutes } from './routes/daemon.ts';
import { type HookRoutesOptions, hookRoutes } from './routes/hooks.ts';
import { type ManagedRoutesOptions, managedRoutes } from './routes/managed.ts';
import { type MeshRoutesOptions, meshRoutes } from './routes/mesh.ts';
import { type MessageRoutesOptions, messageRoutes } from './routes/messages.ts';
import { type QuestionRoutesOptions, questionRoutes } from './routes/questions.ts';
import { type SessionRoutesOptions, sessionRoutes } from './routes/sessions.ts';
import { type SupervisorRoutesOptions, supervisorRoutes } from './routes/supervisors.ts';
import { type ViewerRoutesOptions, viewerRoutes } from './routes/viewers.ts';

export type RoutesOptions = SessionRoutesOptions &
  MessageRoutesOptions &
  MeshRoutesOptions &
  QuestionRoutesOptions &
  HookRoutesOptions &
  SupervisorRoutesOptions &
  ManagedRoutesOptions &
  ViewerRoutesOptions &
  OwnRoutesOptions;

export function daemonRoutes(options: RoutesOptions): RouteDefinition[] {
  return [
    ...ownRoutes(options),
    ...sessionRoutes(options),
    ...messageRoutes(options),
    ...meshRoutes(options),
    ...managedRoutes(options),
    ...questionRoutes(options),
    ...viewerRoutes(options),
    ...hookRoutes(options),
    ...supervisorRoutes(options),
  ];
}
