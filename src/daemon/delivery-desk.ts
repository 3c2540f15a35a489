/**
 * Takes accepted messages to their sessions: one lease at a time per session, proof before anything counts as delivered,
 * back to the queue when proof does not come. Asks choose-route how, never guesses.
 */
import { maxHookOutputChars } from '../claude/hook-payload.ts';
import { composeTexts } from '../delivery/attribution.ts';
import { chooseRoute, type Moment, type RoutePolicy } from '../delivery/choose-route.ts';
import type { Log } from '../log.ts';
import { isFinal, type Message, maxDrainChars, type Recipient, type Route } from '../protocol/message.ts';
import type { GateReason } from '../protocol/wire.ts';
import type { Carriers } from './carriers.ts';
import type { MessageStore } from './message-store.ts';
import { type Session, type SessionTable, stateOf } from './session-table.ts';
import { findProof, leaseStart } from './transcript-proof.ts';
import { type EndedTurn, Turns } from './turns.ts';

/** A typed message is its supervisor's for this long; it reports sooner when the text has left the box unproven. */
const typedLeaseMs = 600_000;

/** A successor may have started this long before the last sign of life of the one that has gone. */
const heirSlackMs = 2000;

/** A lease that cannot be journalled is tried again after this long. */
const journalRetryMs = 1000;

export interface DeskOptions {
  table: SessionTable;
  store: MessageStore;
  carriers: Carriers;
  log: Log;
  now: () => number;
  policy: RoutePolicy;
  leaseMs: number;
  /** A task cannot go in now, and why. */
  onWait: (session: Session, reason: string) => void;
}

export class DeliveryDesk {
  readonly #options: DeskOptions;
  readonly #store: MessageStore;
  readonly #turns: Turns;
  readonly #carriers: Carriers;
  /** One pending timer per session id, re-armed by each pump. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** When a lease runs out, by a clock that does not jump; the deadline in the journal is for people. */
  readonly #leaseEnds = new WeakMap<Message, number>();
  /** What sessionChanged last saw: a new state makes an old refusal void. */
  readonly #lastState = new Map<string, string>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#carriers = options.carriers;
    this.#turns = new Turns(options.store, (session) => this.pump(session));
  }

  /** Journalled and on disk when it resolves. @throws ClaudexError JOURNAL_UNWRITABLE; nothing is queued then. */
  async accept(message: Message): Promise<void> {
    await this.#store.accept(message);
    this.#pumpRecipient(message.recipient);
  }

  /** Ends a message that has not been delivered, or queues an ended one again. False when its state does not allow that. */
  change(id: string, state: 'cancelled' | 'queued'): boolean {
    const message = this.#store.mailbox.get(id);
    if (!message || (state === 'cancelled' ? message.state !== 'queued' : !isFinal(message.state))) return false;
    if (!this.#store.move(id, { state, ...(state === 'queued' && { reason: 'retried by hand' }) })) return false;
    const isLive = message.recipient.id !== null && this.#options.table.byId(message.recipient.id) !== undefined;
    if (state === 'queued' && !isLive) this.#store.readdress(id, { ...message.recipient, id: null });
    this.#pumpRecipient(message.recipient);
    return true;
  }

  /** A session has started: what waited for one in that folder is now for it. */
  sessionStarted(session: Session): void {
    for (const message of this.#store.mailbox.homeless()) {
      if (message.recipient.cwd !== session.cwd) continue;
      this.#store.readdress(message.id, { ...message.recipient, id: session.id });
    }
  }

  /** Something about a session has changed: see whether its turn was interrupted, then try to deliver. */
  sessionChanged(session: Session): void {
    const state = stateOf(session);
    if (this.#lastState.get(session.id) !== state) session.gateShutSince = null;
    this.#lastState.set(session.id, state);
    this.#carriers.sessionChanged(session);
    this.#turns.sessionChanged(session);
    this.pump(session);
  }

  /** The session has ended: its turn's messages fail, the rest wait for the next session in that folder. */
  sessionGone(session: Session): void {
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
    this.#lastState.delete(session.id);
    this.#proveLeases(session);
    this.#turns.sessionGone(session);
    for (const message of this.#store.mailbox.openFor(session.id)) this.orphan(message, session);
  }

  /** The session of an open message has ended; `gone` is its record, where this daemon has known it. */
  orphan(message: Message, gone?: Session): void {
    // nobody may have been there to see that it went in
    if (message.attempts > 0 && message.state !== 'delivered' && findProof(undefined, message)) {
      this.#store.move(message.id, {
        state: 'delivered',
        ...(message.route !== undefined && { route: message.route }),
      });
    }
    if (message.state === 'delivered') {
      this.#store.move(message.id, { state: 'failed', reason: 'the session ended before its turn did' });
      return;
    }
    if (message.state === 'leased') this.#store.move(message.id, { state: 'queued', reason: 'the session ended' });
    // the next session of that folder may have started before this one was missed
    const diedAfter = gone ? gone.lastActiveAt - heirSlackMs : message.acceptedAt;
    const heir = this.#options.table
      .all()
      .find((one) => one.cwd === message.recipient.cwd && one.id !== gone?.id && one.startedAt >= diedAfter);
    this.#store.readdress(message.id, { ...message.recipient, id: heir?.id ?? null });
    if (heir) this.pump(heir);
  }

  /** Delivers what can be delivered to this session now. */
  pump(session: Session): void {
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
    const now = this.#options.now();
    const { mailbox } = this.#store;
    if (mailbox.countOpen(session.id, 'leased') > 0 && this.#holdForLease(session, now)) return;
    const next = mailbox.firstOpen(session.id, (one) => isReadyTask(one, now));
    if (!next) {
      this.#wakeLater(session, nextDue(mailbox.openFor(session.id), now));
      return;
    }
    const taskAtWork = (one: Message): boolean => one.state === 'delivered' && one.kind === 'task';
    if (next.when === 'idle' && mailbox.countOpen(session.id, 'delivered') > 0) {
      if (mailbox.firstOpen(session.id, taskAtWork)) return;
    }
    if (next.attempts > 0 && this.#proveByTranscript(session, next)) return;
    const decision = chooseRoute(this.#carriers.situation(session, now), next, 'now', this.#options.policy);
    if ('wait' in decision) {
      if (decision.needsPerson) this.#options.onWait(session, decision.wait);
      // whatever becomes due later stands behind this one
      if (decision.retryInMs !== undefined) this.#wakeLater(session, now + decision.retryInMs);
      return;
    }
    this.#deliver(session, next, decision.route);
  }

  /** What a UserPromptSubmit or Stop hook is to carry: leased here, proven by the transcript. Undefined for nothing. */
  claimForHook(session: Session, moment: Exclude<Moment, 'now'>, promptId: string | null): string | undefined {
    const now = this.#options.now();
    const open = this.#store.mailbox.openFor(session.id);
    // what an earlier hook carried is in claude's hands already; what is being typed or sent is not
    if (open.some((one) => one.state === 'leased' && !isHookRoute(one.route))) return undefined;
    const ready = open.filter((one) => one.state === 'queued' && (one.notBefore ?? 0) <= now);
    const claimed: Message[] = [];
    let route: Route | undefined;
    // what an earlier hook carried may never have arrived (its process killed): nothing of its kind overtakes it
    const unproven = new Set(open.filter((one) => one.state === 'leased').map((one) => one.kind));
    for (const message of ready) {
      if (unproven.has(message.kind)) continue;
      if (message.kind === 'task' && claimed.some((one) => one.kind === 'task')) continue;
      // one task per turn: the one that this turn is for is in claude's hands
      if (message.kind === 'task' && message.when === 'idle' && open.some(isRunningTask)) break;
      if (message.attempts > 0 && this.#proveByTranscript(session, message)) continue;
      const decision = chooseRoute(this.#carriers.situation(session, now), message, moment, this.#options.policy);
      if ('wait' in decision) {
        if (message.kind === 'task') break;
        continue;
      }
      // one too many for a hook's answer, even as a pointer: the next hook carries it
      if (composeTexts([...claimed, message], maxHookOutputChars).length > maxHookOutputChars) break;
      route = decision.route;
      claimed.push(message);
    }
    if (route === undefined) return undefined;
    const leased = this.#lease(session, claimed, route, promptId);
    if (leased.length === 0) return undefined;
    if (moment === 'stop-hook') this.#turns.continued(session);
    return composeTexts(leased, maxHookOutputChars);
  }

  /** What the session takes by reading its inbox: leased here, proven when the tool's result stands in the transcript. */
  claimForReader(session: Session): Message[] {
    const now = this.#options.now();
    const open = this.#store.mailbox.openFor(session.id);
    // what is on its way in by another route comes first
    if (open.some((one) => one.state === 'leased')) return [];
    const ready = open.filter((one) => {
      const isDue = one.state === 'queued' && (one.notBefore ?? 0) <= now;
      return isDue && (one.forcedRoute ?? 'inbox-read') === 'inbox-read';
    });
    const taken: Message[] = [];
    for (const message of ready) {
      if (message.attempts > 0 && this.#proveByTranscript(session, message)) continue;
      // one too many for a tool's result: the next reading takes it
      if (taken.length > 0 && composeTexts([...taken, message], Infinity).length > maxDrainChars) break;
      taken.push(message);
    }
    return this.#lease(session, taken, 'inbox-read', null);
  }

  /** What has been delivered into the turn that the session is in. */
  inHand(session: Session): Message[] {
    this.#proveLeases(session);
    return this.#store.mailbox.openFor(session.id).filter((one) => one.state === 'delivered');
  }

  /** The supervisor did not type: why decides what happens next. */
  pasteRefused(session: Session, messageId: string, reason: GateReason): void {
    session.gateShutSince ??= this.#options.now();
    if (this.#store.move(messageId, { state: 'queued', reason: `prompt box: ${reason}` })) this.pump(session);
  }

  /** Typed and entered, not proven yet: nobody else may carry it while the supervisor looks after it. */
  pasteTyped(messageId: string): void {
    const message = this.#store.mailbox.get(messageId);
    if (message?.state !== 'leased') return;
    message.leaseDeadline = this.#options.now() + typedLeaseMs;
    this.#leaseEnds.set(message, performance.now() + typedLeaseMs);
  }

  gateOpened(session: Session): void {
    session.gateShutSince = null;
    this.pump(session);
  }

  /** Claude has reported our mark: the message is in. */
  proven(session: Session, messageId: string, promptId: string | null): boolean {
    const message = this.#store.mailbox.get(messageId);
    if (!message || message.recipient.id !== session.id) return false;
    const moved = this.#store.move(messageId, {
      state: 'delivered',
      ...(message.route !== undefined && { route: message.route }),
      ...(promptId !== null && { promptId }),
    });
    if (moved) this.#turns.delivered(session, message);
    return moved;
  }

  /** A turn has ended: what it was for is answered, or failed. */
  turnEnded(session: Session, turn: EndedTurn): void {
    this.#proveLeases(session);
    this.#turns.ended(session, turn);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#turns.close();
    this.#store.close();
  }

  /** Leases to a route that the transcript alone proves. @returns those whose lease is on disk */
  #lease(session: Session, messages: readonly Message[], route: Route, promptId: string | null): Message[] {
    const now = this.#options.now();
    const leased = messages.filter((message) => {
      this.#leaseEnds.set(message, performance.now() + this.#options.leaseMs);
      return this.#store.move(message.id, {
        state: 'leased',
        route,
        leaseDeadline: now + this.#options.leaseMs,
        ...leaseStart(session, message),
        ...(promptId !== null && { promptId }),
      });
    });
    if (leased.length > 0) this.#wakeLater(session, nextLook(leased[0]!, now));
    return leased;
  }

  #deliver(session: Session, message: Message, route: Route): void {
    const leaseDeadline = this.#options.now() + this.#options.leaseMs;
    this.#leaseEnds.set(message, performance.now() + this.#options.leaseMs);
    if (!this.#store.move(message.id, { state: 'leased', route, leaseDeadline, ...leaseStart(session, message) })) {
      this.#wakeLater(session, this.#options.now() + journalRetryMs);
      return;
    }
    this.#wakeLater(session, leaseDeadline);
    this.#carriers.carry(session, message, route, leaseDeadline, {
      onRefused: (reason) => {
        if (this.#store.move(message.id, { state: 'queued', reason })) this.pump(session);
      },
      onRecovered: () => {
        if (this.#options.table.byId(session.id) === session) this.pump(session);
      },
    });
  }

  /** True while a lease is out: nothing else may go in. Ends leases that have run out. */
  #holdForLease(session: Session, now: number): boolean {
    let held = false;
    for (const message of this.#store.mailbox.openFor(session.id)) {
      if (message.state !== 'leased' || this.#proveByTranscript(session, message)) continue;
      const leftMs = this.#leaseLeftMs(message);
      if (leftMs > 0) {
        this.#wakeLater(session, Math.min(now + leftMs, nextLook(message, now)));
        held = true;
      } else {
        this.#options.log('lease ran out', { id: message.id, route: message.route, attempts: message.attempts });
        this.#store.move(message.id, { state: 'queued', reason: `${message.route}: no proof in time` });
      }
    }
    return held;
  }

  /** A lease that an earlier daemon gave begins anew: the wall clock cannot tell how much of it has passed. */
  #leaseLeftMs(message: Message): number {
    const end = this.#leaseEnds.get(message) ?? performance.now() + this.#options.leaseMs;
    this.#leaseEnds.set(message, end);
    return end - performance.now();
  }

  #proveLeases(session: Session): void {
    for (const message of this.#store.mailbox.openFor(session.id)) {
      if (message.state === 'leased') this.#proveByTranscript(session, message);
    }
  }

  #proveByTranscript(session: Session, message: Message): boolean {
    const found = findProof(session, message);
    if (found) {
      this.proven(session, message.id, found.promptId);
      // its turn may be over long since, with nobody to tell
      this.#turns.sessionChanged(session);
    }
    return found !== undefined;
  }

  #pumpRecipient(recipient: Recipient): void {
    const session = recipient.id === null ? undefined : this.#options.table.byId(recipient.id);
    if (session) this.pump(session);
  }

  #wakeLater(session: Session, at: number | undefined): void {
    if (at === undefined) return;
    clearTimeout(this.#timers.get(session.id));
    const delayMs = Math.min(Math.max(1, at - this.#options.now()), 0x7fffffff);
    this.#timers.set(
      session.id,
      setTimeout(() => this.pump(session), delayMs),
    );
  }
}

/** A message that may start a turn now. A note only when one route is forced on it. */
function isReadyTask(message: Message, now: number): boolean {
  return (
    message.state === 'queued' &&
    (message.notBefore ?? 0) <= now &&
    (message.kind === 'task' || message.forcedRoute !== undefined)
  );
}

/** When the next delayed message is due. */
function nextDue(open: readonly Message[], now: number): number | undefined {
  return earliest(open.map((one) => (one.notBefore !== undefined && one.notBefore > now ? one.notBefore : undefined)));
}

/** Leases of hook routes and of reading are proven by the transcript alone: look at growing intervals. The others report by hook. */
function nextLook(message: Message, now: number): number {
  if (!isHookRoute(message.route)) return Number.POSITIVE_INFINITY;
  const leasedAt = message.history.at(-1)?.at ?? now;
  return now + Math.max(250, now - leasedAt);
}

function isRunningTask(message: Message): boolean {
  return message.kind === 'task' && message.state === 'delivered';
}

function isHookRoute(route: Route | undefined): boolean {
  return route === 'turn-end' || route === 'next-prompt' || route === 'inbox-read';
}

function earliest(times: ReadonlyArray<number | undefined>): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
