/** Routes that claude's hooks call: an event, waiting beside a dialog, and waiting to be woken (asyncRewake). */
import { parsePermissionRequest } from '../../claude/hooks/permission.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { WaysIn } from '../delivery/ways-in.ts';
import { heldHook } from '../held-hook.ts';
import { type HookIntake, hookCaller, hookPayload } from '../hook-intake.ts';
import { handled, type RouteDefinition, type RouteRequest } from '../http-server.ts';
import { hookProcess } from '../questions/live-question.ts';
import type { OpenQuestions } from '../questions/open-questions.ts';

export interface HookRoutesOptions {
  hooks: HookIntake;
  waysIn: WaysIn;
  dispatcher: Dispatcher;
  questions: OpenQuestions;
  /** Setting questions.relay. */
  relaysQuestions: boolean;
  /** Claude's config folder where the hook names none. */
  configDir: string;
}

export function hookRoutes(options: HookRoutesOptions): RouteDefinition[] {
  const { hooks, waysIn, dispatcher, questions, configDir } = options;
  return [
    {
      method: 'POST',
      path: '/v1/hooks',
      who: 'local',
      handle: (request) => (request.query.get('mode') === 'ask' ? ask(request) : hear(request)),
    },
    { method: 'POST', path: '/v1/waiters', who: 'local', handle: wait },
  ];

  function hear({ body, headers, response }: RouteRequest): typeof handled {
    const reply = hooks.handle(hookPayload(body), hookCaller(headers, configDir));
    response.writeHead(200, { 'content-type': 'application/json' }).end(reply);
    return handled;
  }

  /** The answer is the person's, from wherever they give it; 204 when there is none to wait for. */
  async function ask({ body, headers, response }: RouteRequest): Promise<typeof handled> {
    const caller = hookCaller(headers, configDir);
    const payload = hookPayload(body);
    const session = await hooks.findSessionSoon(caller);
    if (response.destroyed) return handled; // it has gone meanwhile
    hooks.handle(payload, caller);
    const request = parsePermissionRequest(body);
    const process = session && hookProcess(Number(headers['x-claudex-pid']), session.pid);
    let isHeld = false;
    if (session && request && process && options.relaysQuestions) {
      questions.ask({ session, request, process, conversation: payload.sessionId }, (gone) => {
        isHeld = true;
        return heldHook(response, gone);
      });
    }
    if (!isHeld) response.writeHead(204).end();
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
    const hook = heldHook(response, () => remove());
    const remove = waysIn.addWaiter(session, { wake: hook.answer, dismiss: hook.dismiss });
    dispatcher.pump(session);
    return handled;
  }
}
