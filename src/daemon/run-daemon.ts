/**
 * The daemon process: takes the lock, brings the parts up, says it is ready, and goes down in order.
 * Wiring only; each part owns its own facts. A part needs only what stands above it; who hears of what comes after all parts (who-hears.ts).
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { refuseLiveSocket } from '../background/listen.ts';
import { releaseLock, takeLock, touchLock } from '../background/lock.ts';
import { type Log, openLog, wordsOf } from '../home/log.ts';
import { packageVersion } from '../home/package.ts';
import { type ClaudexPaths, claudeConfigDir, claudexPaths, hostPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { refreshStarter } from '../home/starter.ts';
import { systemClock } from '../process/clock.ts';
import { reportFailuresTo } from '../process/guard.ts';
import { isStopped, processStartTime } from '../process/identity.ts';
import { Signal } from '../process/signal.ts';
import type { Recipient } from '../protocol/message.ts';
import type { SendReply, SendRequest } from '../protocol/wire.ts';
import { readSettings } from '../settings/read.ts';
import { acceptSend } from './delivery/accept-send.ts';
import { Dispatcher } from './delivery/dispatcher.ts';
import { PeerRules } from './delivery/peer-rules.ts';
import { Successors } from './delivery/successors.ts';
import { WaitReasons } from './delivery/wait-reasons.ts';
import { WaysIn } from './delivery/ways-in.ts';
import { DesktopNotification } from './desktop-notification.ts';
import { EventStreams } from './event-streams.ts';
import { HookIntake } from './hook-intake.ts';
import { createHttpServer } from './http-server.ts';
import { IdleExit } from './idle-exit.ts';
import { Lifetime } from './lifetime.ts';
import { absentSession } from './managed/absent-session.ts';
import { managedParts } from './managed/managed-parts.ts';
import { MachineMail } from './mesh/machine-mail-parts.ts';
import { type Mesh, noMesh } from './mesh/other-machines.ts';
import { Journal } from './messages/journal.ts';
import { keepingAt } from './messages/journal-upkeep.ts';
import { MessageStore } from './messages/message-store.ts';
import { NotifyCommand } from './notify-command.ts';
import { OpenQuestions } from './questions/open-questions.ts';
import { QuestionsLog } from './questions/questions-log.ts';
import type { StopReason } from './routes/daemon.ts';
import { daemonRoutes } from './routes.ts';
import { Badges } from './sessions/badges.ts';
import { Names } from './sessions/names.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { SupervisorRequests } from './sessions/supervisor-requests.ts';
import { connectParts } from './who-hears.ts';

/**
 * Runs until it is told to stop. Resolves once it listens.
 * @param mesh what it may know of the mesh
 * @returns false when another live daemon has this home
 * @throws ClaudexError HOME_NOT_PRIVATE, DAEMON_START_FAILED
 */
export async function runDaemon(env: NodeJS.ProcessEnv, mesh: Mesh = noMesh): Promise<boolean> {
  process.umask(0o077);
  const paths = claudexPaths(env);
  // whoever started us in the background has made the home: if it is gone, so is the reason to run
  if (env.CLAUDEX_DAEMON === '1' && !existsSync(paths.home)) return false;
  ensurePrivateDir(paths.home);
  ensurePrivateDir(dirname(paths.socket));
  const version = packageVersion();
  if (!takeLock(paths.lock, version)) return false;
  const log = openLog(paths.log);
  reportFailuresTo((error, what) => log('failure', { what, error: wordsOf(error) }));
  try {
    await start(paths, env, version, log, mesh);
    return true;
  } catch (error) {
    releaseLock(paths.lock);
    throw error;
  }
}

async function start(
  paths: ClaudexPaths,
  env: NodeJS.ProcessEnv,
  version: string,
  log: Log,
  mesh: Mesh,
): Promise<void> {
  // a daemon whose lock was taken away still writes to the journal
  await refuseLiveSocket(paths.socket);
  const settings = readSettings(env).values;
  const clock = systemClock;
  const configDir = claudeConfigDir(env);

  // the parts
  const events = new EventStreams();
  const badges = new Badges(paths.badges, log);
  const registry = new SessionRegistry({ persistPath: paths.sessions, clock });
  const { table } = registry;
  const names = new Names(paths.names, table);
  const journal = new Journal(paths.journal, {
    keeping: keepingAt(clock.timeOfDay()),
    onPiece: () => touchLock(paths.lock),
  });
  const store = new MessageStore({ journal, log, clock });
  const { mailbox } = store;
  const waysIn = new WaysIn(clock, (id) => (managedStore.get(id)?.asked ?? null) !== null);
  const send = (request: SendRequest): Promise<SendReply> => acceptSend(request, accept);
  const managedSide = managedParts({ paths, env, settings, table, mailbox, events, clock, log, send });
  const { managedStore, wakeByMessage } = managedSide;
  const policy = { gatePatienceMs: settings['delivery.gatePatienceMs'], typePeers: settings['delivery.typePeers'] };
  const successors = new Successors(table, store, (id) => managedStore.get(id) !== undefined);
  const dispatcher = new Dispatcher({
    table,
    store,
    waysIn,
    log,
    clock,
    policy,
    leaseMs: settings['delivery.leaseMs'],
    successors,
    isStopped,
    hasMoved: (session) => registry.moves.look(session),
  });
  const requests = new SupervisorRequests((id) => hostPaths(id, env).socket);
  const notification = new DesktopNotification({ enabled: settings['notify.enabled'], env, clock, log });
  const notifyCommand = new NotifyCommand({ command: settings['notify.command'], env, clock, log });
  const hooks = new HookIntake({ registry, dispatcher, clock });
  const questions = new OpenQuestions({ clock, readFileNow: (session) => registry.readFileNow(session) });
  const questionsLog = new QuestionsLog(paths.questionsLog, settings['questions.logInput']);
  const peers = new PeerRules({
    allow: settings['peers.allow'],
    maxHops: settings['peers.maxHops'],
    perMinute: settings['peers.perMinute'],
  });
  const stopAsked = new Signal<StopReason>();
  const absent = () => managedStore.all().map(absentSession);
  const onMachine = (target: string): Recipient | undefined => machineMail.recipient(target);
  const accept = { table, store, waysIn, dispatcher, peers, clock, absent, onMachine };
  const waits = new WaitReasons({ table, store, waysIn, clock, policy, absent: managedSide.waitsFor });
  const machineMail: MachineMail = new MachineMail({
    accept,
    store,
    dispatcher,
    mesh,
    waitsFor: (message) => waits.of(message),
    clock,
    log,
  });
  const idleExit = new IdleExit({
    idleExitMs: settings['daemon.idleExitMs'],
    isNeeded: () =>
      // a message from elsewhere may come at any time
      table.all().length > 0 || managedSide.isNeeded() || mailbox.pendingTotal() > 0 || mesh.look() !== undefined,
    clock,
  });
  const routes = daemonRoutes({
    accept,
    requests,
    ...managedSide,
    env,
    waits,
    machineMail,
    store,
    registry,
    table,
    names,
    mailbox,
    dispatcher,
    waysIn,
    hooks,
    questions,
    questionsLog,
    relaysQuestions: settings['questions.relay'] === 'on',
    events,
    clock,
    version,
    configDir,
    startedAtSteadyMs: clock.steady(),
    ownStartTime: processStartTime(process.pid)!,
    stopAsked,
    endsInMs: () => idleExit.leftMs(),
  });
  const server = createHttpServer(routes, (error) => log('internal error', { error: wordsOf(error) }));
  idleExit.watch(server);
  const lifetime = new Lifetime({ paths, server, log });

  connectParts({
    registry,
    managedSide,
    machineMail,
    dispatcher,
    waysIn,
    questions,
    questionsLog,
    names,
    badges,
    events,
    store,
    successors,
    notification,
    notifyCommand,
    idleExit,
    journal,
    lifetime,
    stopAsked,
    log,
  });

  // up
  await lifetime.open();
  try {
    // dead sessions first, then the living: the messages of the dead are older
    managedSide.restore();
    registry.restore();
    dispatcher.restored();
    machineMail.restored();
    registry.start(configDir);
    store.expire();
    wakeByMessage.checkAll();
    managedSide.lookAtSchedules();
    log('daemon ready', { pid: process.pid, version, messages: mailbox.pendingTotal() });
    lifetime.watch();
    refreshStarter(paths.starter);
    idleExit.start();
  } catch (error) {
    lifetime.abandon();
    throw error;
  }
}
