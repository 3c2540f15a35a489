/** Which ways into a session are there at this moment, and putting a leased message on one of them. */

import { bypassMode } from '../../claude/command-line/permission-mode.ts';
import { maxHookOutputChars } from '../../claude/hooks/hook-payload.ts';
import { writeToInbox } from '../../claude/session/inbox-socket.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { composeText, composeTexts, markOf, typedText } from '../../protocol/attribution.ts';
import type { Message, Route } from '../../protocol/message.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SessionSituation } from './choose-route.ts';
import { type Waiter, WakeHooks } from './wake-hooks.ts';

/** How long an inbox socket that has refused us is left alone, the first time and at most; each time twice as long. */
const firstPauseMs = 5000;
const longestPauseMs = 5 * 60_000;

/** A paste is not begun this shortly before its lease runs out: typing, Enter and the word of it take a moment. */
const typingTakesMs = 2000;

export interface CarryTerms {
  /** The lease runs out in so many milliseconds. */
  lateInMs: number;
  /** It could not even be handed over. */
  onRefused(reason: string): void;
  /** The way that refused may be tried again. */
  onRecovered(): void;
}

export class WaysIn {
  readonly #waiters = new WakeHooks();
  /** Inbox sockets that have refused us, by session: which, how often in a row, and whether it is to be left alone. */
  readonly #refusals = new Map<string, { path: string; count: number; paused: boolean }>();
  readonly #clock: Clock;
  readonly #isEnding: (id: string) => boolean;

  /** @param isEnding the session of that id was asked to end */
  constructor(clock: Clock, isEnding: (id: string) => boolean = () => false) {
    this.#clock = clock;
    this.#isEnding = isEnding;
  }

  /** True when the session offers that way in at all (perhaps not at this moment). */
  offers(session: Session, route: Route): boolean {
    if (route === 'paste') return session.typist !== null;
    if (route === 'inbox-socket') return this.#hasInboxSocket(session);
    // beside a socket nobody waits to wake it
    if (route === 'wake') return !session.file?.messagingSocketPath;
    return true;
  }

  situation(session: Session): SessionSituation {
    const { gateShutSinceSteadyMs, gateOpenAtSteadyMs, supervisorDueSteadyMs } = session;
    const now = this.#clock.steady();
    const isDue =
      session.seat === null &&
      session.supervisor === null &&
      supervisorDueSteadyMs !== null &&
      supervisorDueSteadyMs > now;
    return {
      state: stateOf(session),
      isEnding: this.#isEnding(session.id),
      supervised: session.typist !== null,
      supervisorDueInMs: isDue ? supervisorDueSteadyMs - now : undefined,
      gateShutForMs: gateShutSinceSteadyMs === null ? undefined : now - gateShutSinceSteadyMs,
      gateOpenForMs: gateOpenAtSteadyMs === null ? undefined : now - gateOpenAtSteadyMs,
      hasInboxSocket: this.#hasInboxSocket(session),
      holdsPeers: isAskedFirst(session),
      hasWaiter: this.#waiters.has(session.id),
      waiterComes: this.#waiters.hasOrWill(session.id),
      hasHooks: session.hooksSeen,
    };
  }

  /** Puts a message on a route that answers by itself. */
  carry(session: Session, message: Message, route: Route, terms: CarryTerms): void {
    if (route === 'paste') {
      session.typist?.send({
        type: 'paste',
        messageId: message.id,
        lease: message.attempts,
        text: typedText(message),
        mark: markOf(message),
        deadlineSteadyMs: this.#clock.steady() + terms.lateInMs - Math.min(typingTakesMs, terms.lateInMs / 2),
      });
    } else if (route === 'inbox-socket') {
      this.#writeToInbox(session, message, terms);
    } else if (route === 'wake') {
      this.#waiters.wake(session.id, composeTexts([message], maxHookOutputChars));
    }
  }

  /** A waiter offers itself. Returns its removal (its process has gone). */
  addWaiter(session: Session, waiter: Waiter): () => void {
    const remove = this.#waiters.add(session.id, waiter);
    this.sessionChanged(session);
    return remove;
  }

  /** Where claude has an inbox socket, nobody need wait beside it. */
  sessionChanged(session: Session): void {
    if (this.#hasInboxSocket(session)) this.#waiters.dismiss(session.id);
  }

  /** What waited beside its former process cannot wake this one. */
  sessionMoved(session: Session): void {
    this.#waiters.dismiss(session.id);
    this.#refusals.delete(session.id);
  }

  sessionGone(session: Session): void {
    this.#waiters.dismiss(session.id);
    this.#refusals.delete(session.id);
  }

  /** Ends every waiter's process (the daemon is being stopped for good). */
  dismissWaiters(): void {
    this.#waiters.dismissAll();
  }

  #writeToInbox(session: Session, message: Message, terms: CarryTerms): void {
    const path = session.file!.messagingSocketPath!;
    writeToInbox(path, composeText(message)).then(
      () => this.#refusals.delete(session.id),
      () => {
        const before = this.#refusals.get(session.id);
        const refusal = { path, count: before?.path === path ? before.count + 1 : 1, paused: true };
        this.#refusals.set(session.id, refusal);
        guarded('way in', () => terms.onRefused('inbox socket: unreachable'));
        // a pause, not a verdict: where it is the only way in, nothing would ever be tried again
        const pauseMs = Math.min(firstPauseMs * 2 ** (refusal.count - 1), longestPauseMs);
        setTimeout(() => {
          refusal.paused = false;
          guarded('way in', () => terms.onRecovered());
        }, pauseMs).unref();
      },
    );
  }

  #hasInboxSocket({ id, file }: Session): boolean {
    if (!file?.messagingSocketPath) return false;
    const refusal = this.#refusals.get(id);
    return refusal === undefined || !refusal.paused || refusal.path !== file.messagingSocketPath;
  }
}

/** True where claude asks a person before it takes what comes by its inbox socket. */
export function isAskedFirst(session: Pick<Session, 'hasHeldPeers' | 'permissionMode'>): boolean {
  return session.hasHeldPeers || session.permissionMode === bypassMode;
}
