/** Routes about the daemon itself: how it is, what happens, stopping it. */
import type { Clock } from '../../process/clock.ts';
import { startedAfter } from '../../process/identity.ts';
import type { Signal } from '../../process/signal.ts';
import type { DaemonStatus } from '../../protocol/wire.ts';
import type { EventStreams } from '../event-streams.ts';
import { handled, type RouteDefinition } from '../http-server.ts';
import type { Mailbox } from '../messages/mailbox.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionTable } from '../sessions/session-table.ts';

/** A session that no hook has told of for this long counts as silent, where a hook was due. */
const silentAfterMs = 15_000;

/** Why a daemon is told to go. `replaced`: somebody else brings up the next one. */
export type StopReason = 'stopped' | 'replaced';

export interface OwnRoutesOptions {
  table: SessionTable;
  mailbox: Mailbox;
  events: EventStreams;
  clock: Clock;
  version: string;
  startedAtSteadyMs: number;
  /** The daemon's own, as the system tells it. */
  ownStartTime: string;
  /** Somebody asks the daemon to stop; it tells after the answer has gone out. */
  stopAsked: Signal<StopReason>;
  /** In how long it ends by itself; null while something needs it. */
  endsInMs: () => number | null;
}

export function ownRoutes(options: OwnRoutesOptions): RouteDefinition[] {
  const { table, mailbox, events, clock } = options;
  return [
    { method: 'GET', path: '/v1/status', who: 'local', handle: status },
    {
      method: 'GET',
      path: '/v1/events',
      who: 'local',
      handle: ({ response }) => {
        events.add(response);
        return handled;
      },
    },
    {
      method: 'POST',
      path: '/v1/shutdown',
      who: 'local',
      handle: ({ query }) => {
        const reason = query.get('reason') === 'replaced' ? 'replaced' : 'stopped';
        setImmediate(() => options.stopAsked.emit(reason));
      },
    },
  ];

  function status(): DaemonStatus {
    const now = clock.steady();
    const silent = table
      .all()
      .filter((one) => !one.hooksSeen && wasHookDue(one) && now - one.firstSeenSteadyMs > silentAfterMs);
    return {
      version: options.version,
      pid: process.pid,
      uptimeMs: Math.round(now - options.startedAtSteadyMs),
      sessions: table.all().length,
      pending: mailbox.pendingTotal(),
      stuck: mailbox
        .all()
        .filter((one) => one.state === 'stuck')
        .map(({ id, recipient, reason }) => ({ id, recipient: recipient.name, reason: reason ?? '' })),
      silent: silent.map(({ id, cwd }) => ({ id, cwd })),
      endsInMs: options.endsInMs(),
    };
  }

  /** A session that is older than this daemon has told its start to nobody: a hook is due with its next turn. */
  function wasHookDue({ startTime, turnSeen }: Session): boolean {
    return turnSeen || startedAfter(startTime, options.ownStartTime);
  }
}
