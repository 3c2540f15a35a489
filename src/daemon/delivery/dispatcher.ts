/**
 * Takes accepted messages to their sessions: one lease at a time per session, proof before anything counts as delivered,
 * back to the queue when proof does not come. Asks choose-route how, never guesses.
 */
import { maxHookOutputChars } from '../../claude/hooks/hook-payload.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { composeTexts } from '../../protocol/attribution.ts';
import type { Message, Recipient, Route } from '../../protocol/message.ts';
import type { LeaseReport } from '../../protocol/wire.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { chooseRoute, type Moment, type RouteDecision, type RoutePolicy } from './choose-route.ts';
import { DispatchTimers } from './dispatch-timers.ts';
import { Delays, isReadyTask, nextDueInMs } from './due-messages.ts';
import { claimsForHook, claimsForReader, isRunningTask } from './hook-claims.ts';
import { Leases } from './leases.ts';
import { PersonNeeded, stuckNotice } from './person-needed.ts';
import { mayBeIn } from './retry-rules.ts';
import type { Successors } from './successors.ts';
import { newPlace } from './transcript-proof.ts';
import { type EndedTurn, TurnOutcomes } from './turn-outcomes.ts';
import type { WaysIn } from './ways-in.ts';

/** A lease that cannot be journalled is tried again after this long, and a transcript that cannot be read. */
const diskRetryMs = 1000;

export interface DispatcherOptions {
  table: SessionTable;
  store: MessageStore;
  waysIn: WaysIn;
  log: Log;
  clock: Clock;
  policy: RoutePolicy;
  leaseMs: number;
  successors: Successors;
  /** True while that process is stopped. */
  isStopped: (pid: number) => boolean;
  /** Looks whether claude has moved the session into the background, and tells everybody. */
  hasMoved: (session: Session) => boolean;
}

export class Dispatcher {
  readonly #person = new PersonNeeded();
  /** A task cannot go in before a person does something, and why. */
  readonly personNeeded = this.#person.needed;
  readonly #options: DispatcherOptions;
  readonly #store: MessageStore;
  readonly #turns: TurnOutcomes;
  readonly #waysIn: WaysIn;
  readonly #timers: DispatchTimers;
  readonly #leases: Leases;
  readonly #delays: Delays;
  /** What sessionChanged last saw: a new state makes an old refusal void. */
  readonly #lastState = new Map<string, string>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#waysIn = options.waysIn;
    const { store, clock, log, leaseMs, isStopped } = options;
    this.#timers = new DispatchTimers(clock);
    this.#delays = new Delays(clock, store);
    this.#turns = new TurnOutcomes(store);
    this.#leases = new Leases({ store, clock, log, leaseMs, isStopped });

    this.#timers.due.add(({ dueAtSteadyMs }) => this.#leases.timerFired(dueAtSteadyMs)); // before anything is called late
    this.#timers.due.add(({ session }) => this.pump(session));
    this.#turns.settled.add((session) => this.pump(session));
    this.#leases.proved.add(({ session, message, proof }) =>
      this.proven(session, message.id, proof.promptId, proof.path),
    );
    // its turn may be over long since, with nobody to tell
    this.#leases.proved.add(({ session }) => this.#turns.sessionChanged(session));
    this.#leases.stuck.add(({ session, message }) => this.#person.tell(session, message, stuckNotice));
  }

  /** Journalled and on disk when it resolves. @throws ClaudexError JOURNAL_UNWRITABLE; nothing is queued then. */
  async accept(message: Message): Promise<void> {
    await this.#store.accept(message);
    // accepted it is, whatever becomes of it next
    guarded('delivery', () => this.#pumpRecipient(this.#options.successors.bringHome(message)));
  }

  /** A person takes a message back, or has it tried again. False when its state does not allow that. */
  change(id: string, what: 'cancel' | 'retry'): boolean {
    const message = this.#store.recall(id);
    if (!message || !this.#options.successors[what](message)) return false;
    this.#pumpRecipient(message.recipient);
    return true;
  }

  /** The sessions that the last daemon knew are known again; none has been pumped yet. */
  restored(): void {
    this.#options.successors.restore();
  }

  /** A session has started: what waited for one in that folder is now for it. */
  sessionStarted(session: Session): void {
    this.#options.successors.adopt(session);
  }

  /** Something about a session has changed: see whether its turn was interrupted, then try to deliver. */
  sessionChanged(session: Session): void {
    const state = stateOf(session);
    if (this.#lastState.get(session.id) !== state) session.gateOpened();
    this.#lastState.set(session.id, state);
    this.#waysIn.sessionChanged(session);
    this.#turns.sessionChanged(session);
    this.pump(session);
  }

  /** The session has ended: its turn's messages fail, the rest wait for the next session in that folder. */
  sessionGone(session: Session): void {
    this.#timers.clear(session);
    this.#lastState.delete(session.id);
    this.#leases.proveAll(session);
    this.#turns.sessionGone(session);
    for (const message of this.#store.mailbox.openFor(session.id)) {
      const heir = this.#options.successors.orphan(message, session);
      // The successor is pumped in the next turn of the event loop, because an older message may still be moved to it in this one.
      if (heir) this.#timers.set(heir, 0);
    }
  }

  /** Delivers what can be delivered to this session now. */
  pump(session: Session): void {
    this.#timers.clear(session);
    const now = this.#delays.now();
    const { mailbox } = this.#store;
    const lookInMs = mailbox.countOpen(session.id, 'leased') > 0 ? this.#leases.review(session) : undefined;
    // nothing else may go in while a lease is out
    const next = lookInMs === undefined ? mailbox.firstOpen(session.id, (one) => isReadyTask(one, now)) : undefined;
    if (!next) {
      this.#timers.set(session, lookInMs ?? nextDueInMs(mailbox.openFor(session.id), now));
      return;
    }
    const isWorking = mailbox.countOpen(session.id, 'delivered') > 0 && mailbox.firstOpen(session.id, isRunningTask);
    if (next.when === 'idle' && isWorking) return;
    if (mayBeIn(next) && this.#leases.prove(session, next)) return;
    if (this.#options.hasMoved(session)) return; // whoever tells of that asks again
    const decision = this.#chooseRoute(session, next, 'now');
    if ('wait' in decision) {
      if (decision.needsPerson) this.#person.tell(session, next, decision.wait);
      if (decision.asksGate) session.typist?.send({ type: 'look-at-gate' });
      // whatever becomes due later stands behind this one
      if (decision.retryInMs !== undefined) this.#timers.set(session, decision.retryInMs);
      return;
    }
    if (mayBeIn(next) && this.#leases.proveAnywhere(session, next)) this.#timers.set(session, diskRetryMs);
    else this.#deliver(session, next, decision.route);
  }

  /** What a UserPromptSubmit or Stop hook is to carry: leased here, proven by the transcript. Undefined for nothing. */
  claimForHook(session: Session, moment: Exclude<Moment, 'now'>, promptId: string | null): string | undefined {
    const claims = claimsForHook(this.#store.mailbox.openFor(session.id), this.#delays.now(), {
      decide: (message) => this.#chooseRoute(session, message, moment),
      isIn: (message) => this.#leases.proveAnywhere(session, message),
    });
    if (!claims) return undefined;
    const leased = this.#lease(session, claims.messages, claims.route, promptId === null ? {} : { promptId });
    if (leased.length === 0) return undefined;
    if (moment === 'stop-hook') this.#turns.continued(session);
    return composeTexts(leased, maxHookOutputChars);
  }

  /** What the session takes by reading its inbox: leased here, proven when the tool's result stands in the transcript. */
  claimForReader(session: Session): Message[] {
    const open = this.#store.mailbox.openFor(session.id);
    const claims = claimsForReader(open, this.#delays.now(), (one) => this.#leases.proveAnywhere(session, one));
    return this.#lease(session, claims, 'inbox-read');
  }

  /** What has been delivered into the turn that the session is in. */
  inHand(session: Session): Message[] {
    this.#leases.proveAll(session);
    return this.#store.mailbox.openFor(session.id).filter((one) => one.state === 'delivered');
  }

  /** What a supervisor says of a paste. A lease that has ended meanwhile is not its any more. */
  pasteReported(session: Session, report: LeaseReport): void {
    if (report.outcome === 'refused') session.gateRefused();
    if (this.#leases.pasteReported(session, report)) this.pump(session);
  }

  gateOpened(session: Session): void {
    session.gateSeenOpen();
    this.pump(session);
  }

  /** Claude has reported our mark, or it stands in the transcript `path`: the message is in, if it can be. */
  proven(session: Session, messageId: string, promptId: string | null, path?: string): boolean {
    const message = this.#store.mailbox.get(messageId);
    if (!message || message.recipient.id !== session.id || !mayBeIn(message)) return false;
    const route = message.route ?? message.unproven?.at(-1)?.route;
    const moved = this.#store.move(messageId, {
      state: 'delivered',
      ...(route !== undefined && { route }),
      ...(promptId !== null && { promptId }),
      ...newPlace(message, path),
    });
    if (moved) this.#turns.delivered(session, message);
    return moved;
  }

  /** A turn has ended: what it was for is answered, or failed. */
  turnEnded(session: Session, turn: EndedTurn): void {
    this.#leases.proveAll(session);
    this.#turns.ended(session, turn);
  }

  close(): void {
    this.#timers.close();
    this.#turns.close();
    this.#store.close();
  }

  /** Leases to a route that the transcript alone proves. @returns those whose lease is on disk */
  #lease(session: Session, messages: readonly Message[], route: Route, joins: { promptId?: string } = {}): Message[] {
    const leased = messages.filter((message) => this.#leases.begin(session, message, route, joins));
    if (leased.length > 0) this.#timers.set(session, this.#leases.lookInMs(leased[0]!));
    return leased;
  }

  #deliver(session: Session, message: Message, route: Route): void {
    if (!this.#leases.begin(session, message, route)) {
      this.#timers.set(session, diskRetryMs);
      return;
    }
    this.#timers.set(session, this.#leases.lookInMs(message));
    const lease = message.attempts;
    this.#waysIn.carry(session, message, route, {
      lateInMs: this.#leases.leftMs(message),
      onRefused: (reason) => this.#leases.giveBack(message, lease, reason) && this.pump(session),
      onRecovered: () => this.#options.table.byId(session.id) === session && this.pump(session),
    });
  }

  #chooseRoute(session: Session, message: Message, moment: Moment): RouteDecision {
    return chooseRoute(this.#waysIn.situation(session), message, moment, this.#options.policy);
  }

  #pumpRecipient(recipient: Recipient): void {
    const session = recipient.id === null ? undefined : this.#options.table.byId(recipient.id);
    if (session) this.pump(session);
  }
}
