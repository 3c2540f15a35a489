/**
 * Who in the daemon hears of what, and in which order: the subscriptions, made once all parts are there. What brings news, what follows
 * from it, and what is shown of it come in this order, each with its reason where it has one.
 */
import type { Log } from '../home/log.ts';
import type { Signal } from '../process/signal.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Successors } from './delivery/successors.ts';
import type { WaysIn } from './delivery/ways-in.ts';
import type { DesktopNotification } from './desktop-notification.ts';
import type { EventStreams } from './event-streams.ts';
import type { IdleExit } from './idle-exit.ts';
import type { Lifetime } from './lifetime.ts';
import type { ManagedParts } from './managed/managed-parts.ts';
import type { MachineMail } from './mesh/machine-mail-parts.ts';
import type { Journal } from './messages/journal.ts';
import type { MessageStore } from './messages/message-store.ts';
import type { NotifyCommand } from './notify-command.ts';
import { crashesOf, questionEvent, taskWaitsEvent } from './notify-events.ts';
import type { OpenQuestions } from './questions/open-questions.ts';
import type { QuestionsLog } from './questions/questions-log.ts';
import type { StopReason } from './routes/daemon.ts';
import { type BadgeSubject, type Badges, badgeOf } from './sessions/badges.ts';
import type { Names } from './sessions/names.ts';
import { recordOf } from './sessions/session-record.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';

/** The parts of a daemon that tell or hear of something. */
export interface ConnectedParts {
  registry: SessionRegistry;
  managedSide: ManagedParts;
  machineMail: MachineMail;
  dispatcher: Dispatcher;
  waysIn: WaysIn;
  questions: OpenQuestions;
  questionsLog: QuestionsLog;
  names: Names;
  badges: Badges;
  events: EventStreams;
  store: MessageStore;
  successors: Successors;
  notification: DesktopNotification;
  notifyCommand: NotifyCommand;
  idleExit: IdleExit;
  journal: Journal;
  lifetime: Lifetime;
  stopAsked: Signal<StopReason>;
  log: Log;
}

/** Call once, before any of them begins. */
export function connectParts(parts: ConnectedParts): void {
  const { registry, managedSide, dispatcher, waysIn, questions, questionsLog, names, badges, events, store } = parts;
  const { successors, notification, notifyCommand, idleExit, journal, lifetime, stopAsked, log, machineMail } = parts;
  const { table } = registry;
  const { mailbox } = store;
  const { managed, managedStore, wakeByMessage } = managedSide;
  const crashes = crashesOf((event) => notifyCommand.tell(event));

  // sessions
  const badgesOf = (): BadgeSubject[] =>
    table.all().map((one) => badgeOf(one, { ...mailbox.waitingFor(one.id), questions: questions.countOf(one.id) }));
  const showBadges = (): void => badges.updateSoon(table.size, badgesOf);
  registry.started.add(({ id, pid }) => log('session started', { id, pid }));
  registry.started.add((session) => managed.nameIt(session, names));
  registry.started.add((session) => dispatcher.sessionStarted(session));
  // its name first: listeners and badges show it. Then what the change sets going, so that they hear of its result last.
  registry.moved.add(({ id, pid }) => log('session moved', { id, pid }));
  registry.moved.add((session) => waysIn.sessionMoved(session));
  registry.changed.add((session) => names.apply(session));
  registry.changed.add((session) => dispatcher.sessionChanged(session));
  registry.changed.add((session) => managed.sessionChanged(session));
  registry.changed.add((session) => questions.sessionChanged(session));
  registry.changed.add((session) =>
    events.send({ type: 'session', session: recordOf(session, mailbox.waitingFor(session.id)) }),
  );
  registry.changed.add(showBadges);
  registry.gone.add(({ id, pid }) => log('session gone', { id, pid }));
  // its way in is shut before its messages are passed on
  registry.gone.add((session) => waysIn.sessionGone(session));
  registry.gone.add((session) => dispatcher.sessionGone(session));
  registry.gone.add((session) => questions.sessionGone(session));
  registry.gone.add((session) =>
    events.send({ type: 'session', session: { ...recordOf(session, { pending: 0, stuck: 0 }), state: 'gone' } }),
  );
  managedSide.claudeGone.add((pid) => registry.checkPid(pid));
  registry.gone.add(({ id }) => managedSide.sessionGone(id));
  registry.gone.add(showBadges);
  registry.gone.add(() => idleExit.touch());

  // questions and messages
  questions.changed.add(({ question, event }) => questionsLog.happened(question, event));
  questions.changed.add(({ question }) => events.send({ type: 'question', question }));
  questions.changed.add(showBadges);
  questions.changed.add(({ question, event }) => {
    if (!['taken', 'not-taken'].includes(event)) notifyCommand.tell(questionEvent(question));
  });
  store.changed.add((message) => events.send({ type: 'message', message }));
  store.changed.add(showBadges);
  store.changed.add(() => idleExit.touch());
  store.changed.add(({ recipient }) => recipient.id !== null && wakeByMessage.check(recipient.id));
  store.changed.add((message) => machineMail.changed(message));
  managedStore.forgotten.add((id) => successors.forgotten(id));
  dispatcher.personNeeded.add(({ session, reason }) => notification.taskWaits(session, reason));
  dispatcher.personNeeded.add(({ session, reason }) => notifyCommand.tell(taskWaitsEvent(session, reason)));
  managedStore.changed.add((id) => crashes(managedStore.get(id)));

  // the end
  stopAsked.add((reason) => lifetime.stop(reason));
  idleExit.due.add(() => lifetime.stop('idle'));
  lifetime.stopping.add((reason) => {
    if (reason === 'terminated') managedSide.systemGoesDown();
    // nobody meant it to stay away: supervisors and hooks start the next one, as after a crash
    if (reason === 'terminated' || reason === 'idle') return;
    for (const session of table.all()) session.supervisor?.send({ type: 'bye', reason });
    // a daemon that replaces this one wants them; after a stop nobody does
    if (reason !== 'stopped') return;
    waysIn.dismissWaiters();
    questions.dismissHooks();
  });
  // what brings news closes before what acts on it, and that before what it is written to
  lifetime.ending.add(() => idleExit.close());
  lifetime.ending.add(() => registry.close());
  lifetime.ending.add(() => managedSide.close());
  lifetime.ending.add(() => machineMail.close());
  lifetime.ending.add(() => dispatcher.close());
  lifetime.ending.add(() => questions.close());
  lifetime.ending.add(() => events.close());
  lifetime.ending.add(() => notifyCommand.close());
  lifetime.ending.add(() => journal.close());
  lifetime.ending.add(({ homeIsOurs }) => badges.close({ remove: homeIsOurs }));
  lifetime.ended.add(() => {
    for (const session of table.all()) session.letGo();
  });
}
