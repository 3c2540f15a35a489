/** The daemon's HTTP API as data: method, path, what it does. Documented in docs/api.md, compared with it by a test. */
import { resolve } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { steadyNow } from '../process/steady-clock.ts';
import { findTarget } from '../protocol/find-target.ts';
import { isFinal, type Message } from '../protocol/message.ts';
import {
  parseGateReport,
  parseLeaseReport,
  parseNaming,
  parseSendRequest,
  parseSupervisorHello,
  parseWhoami,
} from '../protocol/parse.ts';
import type { DaemonStatus, DrainReply } from '../protocol/wire.ts';
import { acceptSend, acceptSends } from './delivery/accept-send.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { PeerRules } from './delivery/peer-rules.ts';
import type { WaysIn } from './delivery/ways-in.ts';
import { type EventStreams, openStream } from './event-streams.ts';
import { type HookIntake, hookCaller, hookPayload } from './hook-intake.ts';
import { handled, type RouteDefinition } from './http-server.ts';
import type { MessageStore } from './messages/message-store.ts';
import type { Names } from './sessions/names.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';
import { recordOf, type Session } from './sessions/session-table.ts';

/** A session that no hook has told of for this long after its start counts as silent. */
const silentAfterMs = 15_000;

export interface RoutesOptions {
  registry: SessionRegistry;
  dispatcher: Dispatcher;
  waysIn: WaysIn;
  store: MessageStore;
  names: Names;
  hooks: HookIntake;
  peers: PeerRules;
  events: EventStreams;
  version: string;
  configDir: string;
  startedAt: number;
  now: () => number;
  stop: (reason: 'stopped' | 'replaced') => void;
}

export function daemonRoutes(options: RoutesOptions): RouteDefinition[] {
  const { registry, dispatcher, waysIn, store, names, hooks, events, now } = options;
  const { mailbox } = store;
  const record = (session: Session) => recordOf(session, mailbox.pendingFor(session.id));

  return [
    { method: 'GET', path: '/v1/status', handle: status },
    {
      method: 'GET',
      path: '/v1/sessions',
      handle: () => ({ sessions: registry.table.all().map(record) }),
    },
    {
      method: 'GET',
      path: '/v1/events',
      handle: ({ response }) => {
        events.add(response);
        return handled;
      },
    },
    { method: 'GET', path: '/v1/names', handle: () => ({ names: names.all() }) },
    { method: 'POST', path: '/v1/names', handle: ({ body }) => name(parseNaming(body)) },
    { method: 'POST', path: '/v1/whoami', handle: ({ body }) => whoami(body) },
    {
      method: 'POST',
      path: '/v1/messages',
      status: 202,
      handle: async ({ body }) => {
        const request = parseSendRequest(body);
        if ('target' in request) return acceptSend(request, options);
        return { messages: await acceptSends(request, options) };
      },
    },
    { method: 'GET', path: '/v1/messages', handle: ({ query }) => ({ messages: messages(query.get('session')) }) },
    { method: 'GET', path: '/v1/messages/:id', handle: ({ params }) => message(params[0]!) },
    { method: 'POST', path: '/v1/messages/:id/cancel', handle: ({ params }) => change(params[0]!, 'cancelled') },
    { method: 'POST', path: '/v1/messages/:id/retry', handle: ({ params }) => change(params[0]!, 'queued') },
    { method: 'POST', path: '/v1/sessions/:id/drain', handle: ({ params }) => drain(sessionById(params[0]!)) },
    {
      method: 'POST',
      path: '/v1/hooks',
      handle: ({ body, headers, response }) => {
        const reply = hooks.handle(hookPayload(body), hookCaller(headers, options.configDir));
        response.writeHead(200, { 'content-type': 'application/json' }).end(reply);
        return handled;
      },
    },
    {
      method: 'POST',
      path: '/v1/waiters',
      handle: async ({ body, headers, response }) => {
        const session = await hooks.findSessionSoon(hookPayload(body), hookCaller(headers, options.configDir));
        if (!session) throw new ClaudexError('NOT_IN_A_SESSION');
        if (response.destroyed) return handled; // it has gone meanwhile
        session.hooksSeen = true;
        const end = (status: number, text = ''): void => {
          response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
        };
        const remove = waysIn.addWaiter(session, { wake: (text) => end(200, text), dismiss: () => end(204) });
        dispatcher.pump(session);
        response.once('close', remove);
        return handled;
      },
    },
    {
      method: 'POST',
      path: '/v1/supervisors',
      handle: ({ body, response }) => {
        const hello = parseSupervisorHello(body);
        const session = registry.ensure(hello.pid, hello.cwd, resolve(hello.configDir));
        if (!session || session.startTime !== hello.startTime) {
          throw new ClaudexError('NO_SUCH_SESSION', `Process ${hello.pid} is not running.`);
        }
        const write = openStream(response);
        const supervisor = { pid: hello.supervisorPid, send: write };
        session.supervisor = supervisor;
        session.gateShutSince = null;
        session.leavingSinceSteadyMs = null;
        response.once('close', () => {
          if (session.supervisor !== supervisor) return;
          session.supervisor = null;
          session.leavingSinceSteadyMs = steadyNow();
          registry.changed(session);
          registry.checkAlive(session);
        });
        write({ type: 'welcome', id: session.id, daemonVersion: options.version });
        registry.changed(session);
        return handled;
      },
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/lease',
      handle: ({ params, body }) => {
        dispatcher.pasteReported(sessionById(params[0]!), parseLeaseReport(body));
      },
    },
    {
      method: 'POST',
      path: '/v1/supervisors/:id/gate',
      handle: ({ params, body }) => {
        if (parseGateReport(body).open) dispatcher.gateOpened(sessionById(params[0]!));
      },
    },
    {
      method: 'POST',
      path: '/v1/shutdown',
      handle: ({ query }) => {
        // after the answer has gone out
        setImmediate(() => options.stop(query.get('reason') === 'replaced' ? 'replaced' : 'stopped'));
      },
    },
  ];

  function status(): DaemonStatus {
    return {
      version: options.version,
      pid: process.pid,
      uptimeMs: Math.round(now() - options.startedAt),
      sessions: registry.table.all().length,
      pending: mailbox.pendingTotal(),
      silent: registry.table
        .all()
        .filter((one) => !one.hooksSeen && now() - one.startedAt > silentAfterMs)
        .map((one) => ({ id: one.id, cwd: one.cwd })),
    };
  }

  function sessionById(id: string): Session {
    const session = registry.table.byId(id);
    if (!session) throw new ClaudexError('NO_SUCH_SESSION', `Asked for "${id.slice(0, 40)}".`);
    return session;
  }

  function whoami(body: unknown): unknown {
    const { pids, configDir } = parseWhoami(body);
    for (const pid of pids) {
      const session = registry.findByAncestry(pid, resolve(configDir));
      if (session) return { session: record(session) };
    }
    throw new ClaudexError('NOT_IN_A_SESSION');
  }

  /** All of them, or those from and to one session. */
  function messages(session: string | null): Message[] {
    const all = [...mailbox.all().filter((one) => !isFinal(one.state)), ...store.ended()];
    return session === null ? all : all.filter((one) => one.recipient.id === session || one.sender.id === session);
  }

  function drain(session: Session): DrainReply {
    const taken = dispatcher.claimForReader(session);
    const remaining = mailbox.openFor(session.id).filter((one) => one.state === 'queued').length;
    return { messages: taken, remaining };
  }

  function name({ target, alias }: { target: string; alias: string | null }): unknown {
    const session = registry.table.byId(findTarget(target, registry.table.all().map(record)).id)!;
    names.set(session, alias);
    registry.changed(session);
    return { session: record(session) };
  }

  function message(id: string): Message {
    const found = store.get(id);
    if (!found) throw new ClaudexError('NO_SUCH_MESSAGE', `Asked for "${id.slice(0, 40)}".`);
    return found;
  }

  function change(id: string, state: 'cancelled' | 'queued'): Message {
    const found = message(id);
    if (!dispatcher.change(id, state)) throw new ClaudexError('WRONG_STATE', `It is ${found.state}.`);
    return message(id);
  }
}
