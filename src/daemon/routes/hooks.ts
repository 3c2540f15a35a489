/** Routes that claude's hooks call: an event, and waiting to be woken (asyncRewake). */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { WaysIn } from '../delivery/ways-in.ts';
import { type HookIntake, hookCaller, hookPayload } from '../hook-intake.ts';
import { handled, type RouteDefinition, type RouteRequest } from '../http-server.ts';

export interface HookRoutesOptions {
  hooks: HookIntake;
  waysIn: WaysIn;
  dispatcher: Dispatcher;
  /** Claude's config folder where the hook names none. */
  configDir: string;
}

export function hookRoutes({ hooks, waysIn, dispatcher, configDir }: HookRoutesOptions): RouteDefinition[] {
  return [
    { method: 'POST', path: '/v1/hooks', who: 'local', handle: hear },
    { method: 'POST', path: '/v1/waiters', who: 'local', handle: wait },
  ];

  function hear({ body, headers, response }: RouteRequest): typeof handled {
    const reply = hooks.handle(hookPayload(body), hookCaller(headers, configDir));
    response.writeHead(200, { 'content-type': 'application/json' }).end(reply);
    return handled;
  }

  /** The answer is the wake-up: it stays open until there is something to say. */
  async function wait({ body, headers, response }: RouteRequest): Promise<typeof handled> {
    const caller = hookCaller(headers, configDir);
    const payload = hookPayload(body);
    const session = await hooks.findSessionSoon(caller);
    if (!session) throw new ClaudexError('NOT_IN_A_SESSION');
    if (response.destroyed) return handled; // it has gone meanwhile
    session.hookHeard(caller.peersOff, payload.permissionMode);
    const end = (status: number, text = ''): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    };
    const remove = waysIn.addWaiter(session, { wake: (text) => end(200, text), dismiss: () => end(204) });
    dispatcher.pump(session);
    response.once('close', remove);
    return handled;
  }
}
