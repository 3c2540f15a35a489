/** Which ways into a session are there at this moment, and putting a leased message on one of them. */

import { maxHookOutputChars } from '../../claude/hooks/hook-payload.ts';
import { writeToInbox } from '../../claude/session/inbox-socket.ts';
import type { Clock } from '../../process/clock.ts';
import { composeText, composeTexts, markOf } from '../../protocol/attribution.ts';
import type { Message, Route } from '../../protocol/message.ts';
import { type Session, stateOf } from '../sessions/session.ts';
import type { SessionSituation } from './choose-route.ts';
import { type Waiter, WakeHooks } from './wake-hooks.ts';

/** How long an inbox socket that refused us is left alone. */
const brokenSocketMs = 5000;

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
  /** Sessions whose inbox socket has refused us. */
  readonly #brokenSockets = new Set<string>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when the session offers that way in at all (perhaps not at this moment). */
  offers(session: Session, route: Route): boolean {
    if (route === 'paste') return session.supervisor !== null;
    if (route === 'inbox-socket') return this.#hasInboxSocket(session);
    // beside a socket nobody waits to wake it
    if (route === 'wake') return !session.file?.messagingSocketPath;
    return true;
  }

  situation(session: Session): SessionSituation {
    const { gateShutSinceSteadyMs } = session;
    return {
      state: stateOf(session),
      supervised: session.supervisor !== null,
      gateShutForMs: gateShutSinceSteadyMs === null ? undefined : this.#clock.steady() - gateShutSinceSteadyMs,
      hasInboxSocket: this.#hasInboxSocket(session),
      hasWaiter: this.#waiters.has(session.id),
      waiterComes: this.#waiters.hasOrWill(session.id),
      hasHooks: session.hooksSeen,
    };
  }

  /** Puts a message on a route that answers by itself. */
  carry(session: Session, message: Message, route: Route, terms: CarryTerms): void {
    if (route === 'paste') {
      session.supervisor?.send({
        type: 'paste',
        messageId: message.id,
        lease: message.attempts,
        text: composeText(message),
        mark: markOf(message),
        deadlineSteadyMs: this.#clock.steady() + terms.lateInMs - Math.min(typingTakesMs, terms.lateInMs / 2),
      });
    } else if (route === 'inbox-socket') {
      writeToInbox(session.file!.messagingSocketPath!, composeText(message)).catch(() => {
        this.#brokenSockets.add(session.id);
        terms.onRefused('inbox socket: unreachable');
        // a pause, not a verdict: where it is the only way in, nothing would ever be tried again
        setTimeout(() => {
          this.#brokenSockets.delete(session.id);
          terms.onRecovered();
        }, brokenSocketMs).unref();
      });
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

  sessionGone(session: Session): void {
    this.#waiters.dismiss(session.id);
    this.#brokenSockets.delete(session.id);
  }

  /** Ends every waiter's process (the daemon is being stopped for good). */
  dismissWaiters(): void {
    this.#waiters.dismissAll();
  }

  #hasInboxSocket(session: Session): boolean {
    return !!session.file?.messagingSocketPath && !this.#brokenSockets.has(session.id);
  }
}
