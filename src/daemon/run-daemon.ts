/**
 * The daemon process: takes the lock, brings the parts up, says it is ready, and goes down in order.
 * Wiring only; each part owns its own facts.
 */
import { chmodSync, existsSync, rmSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { listen, refuseLiveSocket } from '../background/listen.ts';
import { holdsLock, releaseLock, takeLock } from '../background/lock.ts';
import { type Log, openLog } from '../home/log.ts';
import { packageVersion } from '../home/package.ts';
import { type ClaudexPaths, claudeConfigDir, claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { replaceFile } from '../home/replace-file.ts';
import { isStopped } from '../process/identity.ts';
import { steadyNow } from '../process/steady-clock.ts';
import type { Message } from '../protocol/message.ts';
import { readSettings } from '../settings/read.ts';
import { defaultPolicy } from './delivery/choose-route.ts';
import { Dispatcher } from './delivery/dispatcher.ts';
import { PeerRules } from './delivery/peer-rules.ts';
import { WaysIn } from './delivery/ways-in.ts';
import { DesktopNotification } from './desktop-notification.ts';
import { EventStreams } from './event-streams.ts';
import { HookIntake } from './hook-intake.ts';
import { createHttpServer } from './http-server.ts';
import { compactedPath } from './messages/compact-journal.ts';
import { Journal } from './messages/journal.ts';
import { keepingAt } from './messages/journal-upkeep.ts';
import { MessageStore } from './messages/message-store.ts';
import { daemonRoutes } from './routes.ts';
import { Badges } from './sessions/badges.ts';
import { Names } from './sessions/names.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { recordOf, type Session } from './sessions/session-table.ts';

/** What the readiness pipe says; one JSON line. */
export type ReadyReport = { ready: true; pid: number } | { ready: false; code: string; facts: string };

/**
 * Runs until it is told to stop. Resolves once it listens.
 * @returns false when another live daemon has this home
 * @throws ClaudexError HOME_NOT_PRIVATE, DAEMON_START_FAILED
 */
export async function runDaemon(env: NodeJS.ProcessEnv): Promise<boolean> {
  process.umask(0o077);
  const paths = claudexPaths(env);
  // whoever started us in the background has made the home: if it is gone, so is the reason to run
  if (env.CLAUDEX_DAEMON === '1' && !existsSync(paths.home)) return false;
  ensurePrivateDir(paths.home);
  ensurePrivateDir(dirname(paths.socket));
  const version = packageVersion();
  if (!takeLock(paths.lock, version)) return false;
  const log = openLog(paths.log);
  try {
    await start(paths, env, version, log);
    return true;
  } catch (error) {
    releaseLock(paths.lock);
    throw error;
  }
}

async function start(paths: ClaudexPaths, env: NodeJS.ProcessEnv, version: string, log: Log): Promise<void> {
  // a daemon whose lock was taken away still writes to the journal
  await refuseLiveSocket(paths.socket);
  const settings = readSettings(env).values;
  const now = Date.now;
  const startedAt = now();
  const events = new EventStreams();
  const badges = new Badges(paths.badges);
  const configDir = claudeConfigDir(env);
  rmSync(compactedPath(paths.journal), { force: true });
  const journal = new Journal(paths.journal, { endedAfter: keepingAt(now()).endedAfter });
  let badgesDue = false;

  const registry = new SessionRegistry({
    persistPath: paths.sessions,
    now,
    listener: {
      onStarted: (session) => {
        log('session started', { id: session.id, pid: session.pid });
        dispatcher.sessionStarted(session);
      },
      onChange: (session) => {
        names.apply(session);
        dispatcher.sessionChanged(session);
        tell(session);
      },
      onGone: (session) => {
        log('session gone', { id: session.id, pid: session.pid });
        waysIn.sessionGone(session);
        dispatcher.sessionGone(session);
        events.send({ type: 'session', session: { ...recordOf(session, 0), state: 'gone' } });
        renderBadges();
      },
    },
  });
  const names = new Names(paths.names, registry.table);
  const store = new MessageStore({
    journal,
    log,
    now,
    onMessage: (message: Message) => {
      events.send({ type: 'message', message });
      renderBadges();
    },
  });
  const { mailbox } = store;
  const waysIn = new WaysIn();
  const dispatcher = new Dispatcher({
    table: registry.table,
    store,
    waysIn,
    log,
    now,
    steady: steadyNow,
    policy: {
      ...defaultPolicy,
      gatePatienceMs: settings['delivery.gatePatienceMs'],
      typePeers: settings['delivery.typePeers'],
    },
    leaseMs: settings['delivery.leaseMs'],
    isStopped,
    onWait: (session, reason) => notice.taskWaits(session, reason),
  });
  const notice = new DesktopNotification({ enabled: settings['notify.enabled'], env, now: steadyNow, log });
  const hooks = new HookIntake(registry, dispatcher);
  const peers = new PeerRules({
    allow: settings['peers.allow'],
    maxHops: settings['peers.maxHops'],
    perMinute: settings['peers.perMinute'],
  });

  const server = createHttpServer(
    daemonRoutes({
      registry,
      dispatcher,
      waysIn,
      store,
      names,
      hooks,
      peers,
      events,
      version,
      configDir,
      startedAt,
      now,
      stop,
    }),
    (error) =>
      log('internal error', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  await listen(server, paths.socket);
  writeAddress();
  // first all that was for sessions which have ended meanwhile, then the living: what is older must not come second
  registry.restore();
  dispatcher.restored();
  registry.start(configDir);
  store.expire();
  log('daemon ready', { pid: process.pid, version, messages: mailbox.pendingTotal() });

  // a removed socket is put back; a lock that is somebody else's means we are the displaced one
  let stopping = false;
  const homeWatcher = watch(paths.home, (_event, name) => {
    if (name !== basename(paths.lock) && name !== basename(paths.socketAddress) && name !== basename(paths.home))
      return;
    if (!holdsLock(paths.lock)) shutDown('displaced');
    else if (!existsSync(paths.socketAddress)) writeAddress();
  });
  const socketWatcher = watch(dirname(paths.socket), (_event, name) => {
    if (name !== basename(paths.socket)) return;
    if (stopping || existsSync(paths.socket)) return;
    log('socket removed, listening anew');
    // the old listener serves nobody any more; its open streams live on
    server.close();
    server.listen(paths.socket, () => chmodSync(paths.socket, 0o600));
  });
  homeWatcher.on('error', () => shutDown('displaced'));
  process.once('SIGTERM', () => stop('stopped'));
  process.once('SIGINT', () => stop('stopped'));
  process.on('SIGHUP', () => log('hangup ignored'));
  process.on('uncaughtException', (error) => {
    log('uncaught exception', { error: error.stack ?? error.message });
    shutDown('crashed');
    process.exit(1);
  });

  /** In one step: a hook that reads an empty address would be silent. */
  function writeAddress(): void {
    replaceFile(paths.socketAddress, `${paths.socket}\n`, { flush: false });
  }

  function stop(reason: 'stopped' | 'replaced'): void {
    for (const session of registry.table.all()) session.supervisor?.send({ type: 'bye', reason });
    if (reason === 'stopped') waysIn.dismissWaiters();
    shutDown(reason);
    setTimeout(() => process.exit(0), 500).unref();
  }

  function shutDown(reason: string): void {
    if (stopping) return;
    stopping = true;
    log('daemon stops', { reason });
    homeWatcher.close();
    socketWatcher.close();
    registry.close();
    dispatcher.close();
    events.close();
    server.close();
    server.closeIdleConnections();
    journal.close();
    if (holdsLock(paths.lock)) {
      badges.update([]);
      rmSync(paths.socketAddress, { force: true });
      rmSync(paths.socket, { force: true });
      releaseLock(paths.lock);
    }
    for (const session of registry.table.all()) session.supervisor = null;
    setImmediate(() => server.closeAllConnections());
  }

  function tell(session: Session): void {
    events.send({ type: 'session', session: recordOf(session, mailbox.pendingFor(session.id)) });
    renderBadges();
  }

  /** Once per turn of the event loop, however many changes came in it. */
  function renderBadges(): void {
    if (badgesDue) return;
    badgesDue = true;
    setImmediate(() => {
      badgesDue = false;
      if (stopping) return;
      try {
        badges.update(
          registry.table.all().map((session) => ({
            label: session.alias ?? session.id,
            sessionId: session.claudeSessionId,
            pending: mailbox.pendingFor(session.id),
          })),
        );
      } catch (error) {
        log('badges unwritable', { error: String(error) });
      }
    });
  }
}
