/** The parts that managed sessions are made of, put together. Who hears of sessions and messages is wired in run-daemon.ts. */
import type { Log } from '../../home/log.ts';
import type { ClaudexPaths } from '../../home/paths.ts';
import type { Clock } from '../../process/clock.ts';
import type { Signal } from '../../process/signal.ts';
import type { SendReply, SendRequest } from '../../protocol/wire.ts';
import type { Settings } from '../../settings/definitions.ts';
import type { EventStreams } from '../event-streams.ts';
import type { Mailbox } from '../messages/mailbox.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { whatItWaitsFor } from './absent-session.ts';
import { Attachments } from './attachments.ts';
import { HostKeeper } from './host-keeper.ts';
import { type HostProcesses, hostProcesses } from './host-processes.ts';
import { IdleWatch } from './idle-watch.ts';
import { managedEventOf } from './managed-record.ts';
import { ManagedSessions } from './managed-sessions.ts';
import { ManagedStore } from './managed-store.ts';
import { Schedules } from './schedules.ts';
import { WakeByMessage } from './wake-by-message.ts';

export interface ManagedPartsOptions {
  paths: ClaudexPaths;
  env: NodeJS.ProcessEnv;
  settings: Settings;
  table: SessionTable;
  mailbox: Mailbox;
  events: EventStreams;
  clock: Clock;
  log: Log;
  /** Takes a message, as one that comes over the socket. */
  send: (request: SendRequest) => Promise<SendReply>;
}

export interface ManagedParts {
  managedStore: ManagedStore;
  managed: ManagedSessions;
  hosts: HostProcesses;
  attachments: Attachments;
  /** The pid of a claude that has ended with its host. */
  claudeGone: Signal<number>;
  /** A message has changed, or its session has. */
  wakeByMessage: WakeByMessage;
  /** Before sessions are known: who of the last daemon's still runs. */
  restore(): void;
  /** What a message for the session of that id waits for while it does not run. */
  waitsFor(id: string): string | undefined;
  /** Once messages can be taken. */
  lookAtSchedules(): void;
  /** A session has ended: its conversation is free for whoever sleeps. */
  sessionGone(id: string): void;
  /** A session runs or is about to, or a scheduled task may come for one. */
  isNeeded(): boolean;
  /** The system ends this daemon, and perhaps everything. */
  systemGoesDown(): void;
  /** What brings news closes first. */
  close(): void;
}

export function managedParts(options: ManagedPartsOptions): ManagedParts {
  const { paths, env, settings, table, mailbox, events, clock, log } = options;
  const store = new ManagedStore({ folder: paths.managed, home: paths.home, clock, log });
  const hosts = hostProcesses(env);
  const attachments = new Attachments();
  const idle = new IdleWatch({ table, clock, hostOf: hosts.read, pendingFor: (id) => mailbox.pendingFor(id) });
  const keeper = new HostKeeper({ store, hosts, table, idle, clock, log });
  const managed = new ManagedSessions({
    store,
    keeper,
    table,
    idle,
    clock,
    log,
    maxRunning: settings['sessions.max'],
    idleTimeoutMs: settings['sessions.idleTimeoutMs'],
  });
  const wakeByMessage = new WakeByMessage({ store, mailbox, clock, wake: (id) => managed.wake(id) });
  store.changed.add((id) => events.send(managedEventOf(id, store, { hosts, env })));
  const schedules = new Schedules({
    store,
    clock,
    log,
    loadCron: () => import('../../schedule/cron-times.ts'),
    send: options.send,
    message: (id) => mailbox.get(id),
  });
  store.changed.add(() => void schedules.look());
  keeper.slept.add((id) => wakeByMessage.check(id));
  return {
    managedStore: store,
    managed,
    hosts,
    attachments,
    claudeGone: keeper.claudeGone,
    wakeByMessage,
    restore: () => keeper.restore(),
    systemGoesDown: () => keeper.systemGoesDown(),
    waitsFor: (id) => {
      const one = store.get(id);
      return one && whatItWaitsFor(one);
    },
    sessionGone: (id) => {
      // the socket for viewers of one that was killed together with its claudex
      if (store.get(id) === undefined) hosts.clear(id);
      wakeByMessage.checkAll();
    },
    lookAtSchedules: () => void schedules.look(),
    isNeeded: () => store.running().length > 0 || schedules.isNeeded,
    close: () => {
      schedules.close();
      wakeByMessage.close();
      keeper.close();
      attachments.close();
    },
  };
}
