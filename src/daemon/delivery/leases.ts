/**
 * Leases as they are given, proven and taken back: on disk before anything is handed over, ended by proof, by a refusal or
 * by time. Owns no route and no order; which message is next is the dispatcher's affair.
 */
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import type { Message, Route } from '../../protocol/message.ts';
import type { LeaseReport } from '../../protocol/wire.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import { isSilentRoute } from './hook-claims.ts';
import { LeaseClock } from './lease-clock.ts';
import { findProof, leaseStart } from './transcript-proof.ts';

/** A typed message is its supervisor's for this long; it reports sooner when the text has left the box unproven. */
const typedLeaseMs = 600_000;

/** The first look into the transcript for what a hook carried; later ones come at growing intervals. */
const firstLookMs = 250;

/** While claude itself is to read a message, it is looked this often whether it has been stopped. */
const stoppedLookMs = 1000;

export interface LeasesOptions {
  store: MessageStore;
  log: Log;
  clock: Clock;
  leaseMs: number;
  /** True while that process is stopped (SIGSTOP, Ctrl-Z). */
  isStopped: (pid: number) => boolean;
}

export class Leases {
  /** The transcript shows the message's mark. */
  readonly proved = new Signal<{ session: Session; message: Message; promptId: string | null }>();
  readonly #options: LeasesOptions;
  readonly #clock: LeaseClock;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#clock = new LeaseClock(options.clock, options.leaseMs);
  }

  /** False when it could not be written to disk: then there is no lease. */
  begin(session: Session, message: Message, route: Route, joins: { promptId?: string } = {}): boolean {
    const { store, clock, leaseMs } = this.#options;
    this.#clock.begin(message);
    return store.move(message.id, {
      state: 'leased',
      route,
      leaseDeadline: clock.timeOfDay() + leaseMs,
      ...leaseStart(session, message),
      ...joins,
    });
  }

  /** A timer of ours fires that was due at `dueAtSteadyMs`. */
  timerFired(dueAtSteadyMs: number): void {
    this.#clock.timerFired(dueAtSteadyMs);
  }

  leftMs(message: Message): number {
    return this.#clock.leftMs(message);
  }

  /** Ends one lease without proof, if it still is that one. True when the message is queued again. */
  giveBack(message: Message, lease: number, reason: string): boolean {
    if (message.state !== 'leased' || message.attempts !== lease) return false;
    return this.#options.store.move(message.id, { state: 'queued', reason });
  }

  /** What a supervisor says of a paste. True when that has put the message back into the queue. */
  pasteReported(session: Session, report: LeaseReport): boolean {
    const message = this.#options.store.mailbox.get(report.messageId);
    // its lease may have ended meanwhile, and the message be on another way
    if (message?.state !== 'leased' || message.route !== 'paste' || message.recipient.id !== session.id) return false;
    const lease = report.lease ?? message.attempts;
    if (report.outcome === 'refused') return this.giveBack(message, lease, `prompt box: ${report.reason}`);
    if (lease === message.attempts) {
      this.#clock.begin(message, typedLeaseMs);
      message.leaseDeadline = this.#options.clock.timeOfDay() + typedLeaseMs;
    }
    return false;
  }

  /** Ends what has been proven and what has run out. @returns when to look again, in milliseconds, while a lease is out */
  review(session: Session): number | undefined {
    let lookInMs: number | undefined;
    for (const message of this.#leasedTo(session)) {
      if (this.prove(session, message)) continue;
      // Claude is stopped (SIGSTOP). It reads the message when it goes on, so the lease must not run out: a second copy would
      // arrive beside the first.
      if (this.#isClaudes(message) && this.#options.isStopped(session.pid)) this.#clock.begin(message);
      if (this.#clock.leftMs(message) > 0) {
        lookInMs = Math.min(lookInMs ?? Number.POSITIVE_INFINITY, this.lookInMs(message));
        continue;
      }
      this.#options.log('lease ran out', { id: message.id, route: message.route, attempts: message.attempts });
      this.giveBack(message, message.attempts, `${message.route}: no proof in time`);
    }
    return lookInMs;
  }

  /** What hooks and readers carry is proven by the transcript alone, so that is looked into; the other routes report by hook. */
  lookInMs(message: Message): number {
    const leftMs = this.#clock.leftMs(message);
    if (isSilentRoute(message.route)) return Math.min(leftMs, Math.max(firstLookMs, this.#clock.heldMs(message)));
    return this.#isClaudes(message) ? Math.min(leftMs, stoppedLookMs) : leftMs;
  }

  /** True for what is in claude's own hands; what is typed is the supervisor's, which knows when to let go of it. */
  #isClaudes({ route }: Message): boolean {
    return route !== 'paste';
  }

  /** Looks for every leased message of the session in its transcripts. */
  proveAll(session: Session): void {
    for (const message of this.#leasedTo(session)) this.prove(session, message);
  }

  /** True when the transcript shows the message. */
  prove(session: Session, message: Message): boolean {
    const found = findProof(session, message);
    if (found) this.proved.emit({ session, message, promptId: found.promptId });
    return found !== undefined;
  }

  #leasedTo(session: Session): Message[] {
    return this.#options.store.mailbox.openFor(session.id).filter((one) => one.state === 'leased');
  }
}
