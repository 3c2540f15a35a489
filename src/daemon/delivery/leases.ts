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
import { stateOf } from '../sessions/session-state.ts';
import { isSilentRoute } from './hook-claims.ts';
import { LeaseClock } from './lease-clock.ts';
import { stuckBecause } from './retry-rules.ts';
import { findProof, findProofAnywhere, hasTranscript, isHeld, leaseStart, type Proof } from './transcript-proof.ts';
import { isAskedFirst } from './ways-in.ts';

/** A typed message is its supervisor's for this long; it reports sooner when the text has left the box unproven. */
const typedLeaseMs = 600_000;

/** The first look into the transcript for what a hook carried; later ones come at growing intervals. */
const firstLookMs = 250;

/** While claude itself is to read a message, it is looked this often whether it has been stopped, or asks a person. */
const stoppedLookMs = 1000;

/** A lease is made longer so many times while a transcript cannot be read. */
const maxWaits = 3;

/** Claude writes a little late that it has taken what a person has let through. */
const answerGraceMs = 1500;

export interface LeasesOptions {
  store: MessageStore;
  log: Log;
  clock: Clock;
  leaseMs: number;
  /** True while that process is stopped (SIGSTOP, Ctrl-Z). */
  isStopped: (pid: number) => boolean;
}

export class Leases {
  /** A transcript shows the message's mark. */
  readonly proved = new Signal<{ session: Session; message: Message; proof: Proof }>();
  /** A message stands still: nobody knows whether it went in. */
  readonly stuck = new Signal<{ session: Session; message: Message }>();
  readonly #options: LeasesOptions;
  readonly #clock: LeaseClock;
  /** Messages that claude has been seen to ask a person about. */
  readonly #asked = new WeakSet<Message>();
  /** How often a lease was made longer because a transcript could not be read. */
  readonly #waits = new WeakMap<Message, number>();

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#clock = new LeaseClock(options.clock, options.leaseMs);
  }

  /** False when it could not be written to disk: then there is no lease. */
  begin(session: Session, message: Message, route: Route, joins: { promptId?: string } = {}): boolean {
    const { store, clock, leaseMs } = this.#options;
    this.#clock.begin(message);
    this.#asked.delete(message);
    this.#waits.delete(message);
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

  /** Ends one lease of which it is certain that nothing went in, if it still is that one. True when the message is queued again. */
  giveBack(message: Message, lease: number, reason: string): boolean {
    if (!isLease(message, lease)) return false;
    return this.#options.store.move(message.id, { state: 'queued', reason });
  }

  /** What a supervisor says of a paste. True when that has ended the lease, or given it another end. */
  pasteReported(session: Session, report: LeaseReport): boolean {
    const message = this.#options.store.mailbox.get(report.messageId);
    // its lease may have ended meanwhile, and the message be on another way
    if (message?.state !== 'leased' || message.route !== 'paste' || message.recipient.id !== session.id) return false;
    const lease = report.lease ?? message.attempts;
    session.messageLeft(report.outcome === 'typed' && report.isLeft ? message.id : null);
    if (report.outcome === 'refused') {
      if (report.reason !== 'unproven') return this.giveBack(message, lease, `prompt box: ${report.reason}`);
      if (!isLease(message, lease)) return false;
      this.#endUnproven(session, message, 'prompt box: unproven');
      return true;
    }
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
      if (asksAbout(session, message)) this.#asked.add(message);
      // whoever has it cannot act on it now, and will: a second copy would arrive beside the first
      if (this.#isWithheld(session, message)) this.#clock.begin(message);
      else if (this.#wasDenied(session, message)) {
        this.#options.store.move(message.id, { state: 'failed', reason: 'denied by the person at that session' });
        continue;
      }
      if (this.#clock.leftMs(message) > 0) {
        lookInMs = Math.min(lookInMs ?? Number.POSITIVE_INFINITY, this.lookInMs(message));
        continue;
      }
      this.#options.log('lease ran out', { id: message.id, route: message.route, attempts: message.attempts });
      this.#endUnproven(session, message, `${message.route}: no proof in time`);
      if (message.state === 'leased') lookInMs = Math.min(lookInMs ?? Number.POSITIVE_INFINITY, this.lookInMs(message));
    }
    return lookInMs;
  }

  /**
   * The one who is to read or type it is stopped (SIGSTOP, Ctrl-Z), or a dialog of claude's is in front of it; or a supervisor that
   * may have it in the box has yet to come back to this daemon.
   */
  #isWithheld(session: Session, message: Message): boolean {
    const { isStopped, clock } = this.#options;
    const { supervisor, supervisorDueSteadyMs } = session;
    if (message.route === 'paste' && supervisor) return isStopped(supervisor.pid);
    if (message.route === 'paste') return supervisorDueSteadyMs !== null && supervisorDueSteadyMs > clock.steady();
    return isStopped(session.pid) || (message.route === 'inbox-socket' && stateOf(session) === 'waiting');
  }

  /** Claude has held the message back until a person agreed to it, and asks no more: had they agreed, it would be proven. */
  #wasDenied(session: Session, message: Message): boolean {
    if (message.route !== 'inbox-socket' || this.#clock.heldMs(message) < answerGraceMs) return false;
    // it does not always write down at once that it asks
    if (!this.#asked.has(message) && !isHeld(session, message)) return false;
    session.holdsPeers();
    return true;
  }

  /**
   * Ends a lease that may have put the message in: found, or to be tried once more, or stuck. A transcript that cannot be read just
   * now is waited for, a few times.
   */
  #endUnproven(session: Session, message: Message, reason: string): void {
    const found = this.#searchAnywhere(session, message);
    if (found === 'in') return;
    const waits = this.#waits.get(message) ?? 0;
    if (found === 'unreadable' && waits < maxWaits) {
      this.#waits.set(message, waits + 1);
      this.#clock.begin(message);
      return;
    }
    const evidence = {
      hooks: session.hooksSeen,
      transcript: found !== 'unreadable' && hasTranscript(session),
      asksPerson: message.route === 'inbox-socket' && isAskedFirst(session),
    };
    const stuckReason = stuckBecause(message, message.route!, evidence);
    this.#options.store.move(message.id, {
      state: stuckReason === undefined ? 'queued' : 'stuck',
      reason: stuckReason ?? reason,
      unproven: true,
    });
    if (stuckReason !== undefined) this.stuck.emit({ session, message });
  }

  /** What hooks and readers carry is proven by the transcript alone, so that is looked into; the other routes report by hook. */
  lookInMs(message: Message): number {
    const leftMs = this.#clock.leftMs(message);
    if (isSilentRoute(message.route)) return Math.min(leftMs, Math.max(firstLookMs, this.#clock.heldMs(message)));
    // what is typed is the supervisor's, which knows when to let go of it
    return message.route === 'paste' ? leftMs : Math.min(leftMs, stoppedLookMs);
  }

  /** Looks for every leased message of the session in its transcripts. */
  proveAll(session: Session): void {
    for (const message of this.#leasedTo(session)) this.prove(session, message);
  }

  /** True when the transcript shows the message. */
  prove(session: Session, message: Message): boolean {
    const proof = findProof(session, message);
    if (proof) this.proved.emit({ session, message, proof });
    return proof !== undefined;
  }

  /**
   * As `prove`, in every transcript that could have it: before anything goes in once more. True also where nobody can know it, because
   * one could not be read.
   */
  proveAnywhere(session: Session, message: Message): boolean {
    return this.#searchAnywhere(session, message) !== undefined;
  }

  #searchAnywhere(session: Session, message: Message): 'in' | 'unreadable' | undefined {
    const proof = findProofAnywhere(session, message);
    if (proof === undefined || proof === 'unreadable') return proof;
    this.proved.emit({ session, message, proof });
    return 'in';
  }

  #leasedTo(session: Session): Message[] {
    return this.#options.store.mailbox.openFor(session.id).filter((one) => one.state === 'leased');
  }
}

/** Without permission prompts there is no other dialog of that kind before a turn. */
function asksAbout(session: Session, { route, when }: Message): boolean {
  const asks = session.file?.status === 'waiting' && session.file.waitingFor === 'permission prompt';
  return asks && route === 'inbox-socket' && when === 'idle' && isAskedFirst(session);
}

function isLease(message: Message, lease: number): boolean {
  return message.state === 'leased' && message.attempts === lease;
}
