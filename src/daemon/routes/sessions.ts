/** Routes about sessions: who is running, what they are called, which one a shell belongs to. */
import { resolve } from 'node:path';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { parseNaming, parseWhoami } from '../../protocol/parse.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import type { DrainReply } from '../../protocol/wire.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { RouteDefinition } from '../http-server.ts';
import type { Mailbox } from '../messages/mailbox.ts';
import type { Names } from '../sessions/names.ts';
import type { Session } from '../sessions/session.ts';
import { recordOf } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { SessionTable } from '../sessions/session-table.ts';

export interface SessionRoutesOptions {
  registry: SessionRegistry;
  names: Names;
  mailbox: Mailbox;
  dispatcher: Dispatcher;
}

export function sessionRoutes(options: SessionRoutesOptions): RouteDefinition[] {
  const { registry, names, mailbox, dispatcher } = options;
  return [
    { method: 'GET', path: '/v1/sessions', who: 'local', handle: () => ({ sessions: records() }) },
    { method: 'POST', path: '/v1/sessions/:id/drain', who: 'local', handle: ({ params }) => drain(params[0]!) },
    { method: 'GET', path: '/v1/names', who: 'local', handle: () => ({ names: names.all() }) },
    { method: 'POST', path: '/v1/names', who: 'local', handle: ({ body }) => name(body) },
    { method: 'POST', path: '/v1/whoami', who: 'local', handle: ({ body }) => whoami(body) },
  ];

  function record(session: Session): SessionRecord {
    return recordOf(session, mailbox.waitingFor(session.id));
  }

  function records(): SessionRecord[] {
    return registry.table.all().map(record);
  }

  function drain(id: string): DrainReply {
    const session = sessionById(registry.table, id);
    const taken = dispatcher.claimForReader(session);
    const remaining = mailbox.openFor(session.id).filter((one) => one.state === 'queued').length;
    return { messages: taken, remaining };
  }

  function name(body: unknown): { session: SessionRecord } {
    const { target, alias } = parseNaming(body);
    const session = registry.table.byId(findTarget(target, records()).id)!;
    names.set(session, alias);
    registry.touch(session);
    return { session: record(session) };
  }

  function whoami(body: unknown): { session: SessionRecord } {
    const { pids, configDir, exact } = parseWhoami(body);
    for (const pid of pids) {
      const dir = resolve(configDir);
      const found = exact ? registry.sessionOf(pid, dir) : registry.claudeAbove(pid, dir);
      if (found !== undefined && found !== 'other') return { session: record(found) };
    }
    throw new ClaudexError('NOT_IN_A_SESSION');
  }
}

/** @throws ClaudexError NO_SUCH_SESSION */
export function sessionById(table: SessionTable, id: string): Session {
  const session = table.byId(id);
  if (!session) throw new ClaudexError('NO_SUCH_SESSION', `Asked for "${id.slice(0, 40)}".`);
  return session;
}
