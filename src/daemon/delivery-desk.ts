/**
 * Takes accepted messages to their sessions: one lease at a time per session, proof before anything counts as delivered,
 * back to the queue when proof does not come. Owns the mailbox and its journal; asks choose-route how, never guesses.
 */
import { capabilitiesOf } from '../claude/capabilities.ts';
import { maxHookOutputChars } from '../claude/hook-payload.ts';
import { writeToInbox } from '../claude/inbox-socket.ts';
import { findMark, transcriptSize } from '../claude/transcript.ts';
import { composeText, composeTexts, markOf } from '../delivery/attribution.ts';
import { chooseRoute, type Moment, type RoutePolicy, type SessionSituation } from '../delivery/choose-route.ts';
import type { Log } from '../log.ts';
import type { Message, MessageState, Recipient, Route } from '../protocol/message.ts';
import type { GateReason } from '../protocol/wire.ts';
import type { Journal } from './journal.ts';
import { type JournalEntry, Mailbox } from './mailbox.ts';
import { type Session, type SessionTable, stateOf } from './session-table.ts';

/** A turn that went idle without a Stop hook counts as interrupted after this long. */
const interruptGraceMs = 2000;

/** How a turn ended, from claude's Stop or StopFailure hook. */
export interface EndedTurn {
  promptId: string | null;
  /** Claude's last message. */
  answer: string | null;
  /** Why there is no answer. */
  failure?: string;
}

/** A waiting asyncRewake hook. */
export interface Waiter {
  /** Wakes its session with this text; it is used up then. */
  wake(text: string): void;
  /** It is not needed (any more): its process ends quietly. */
  dismiss(): void;
}

/** How late claude writes its transcript after a hook, at most in what we have seen. */
const lateTranscriptMs = 300;

/** A typed message is its supervisor's for this long; it reports sooner when the text has left the box unproven. */
const typedLeaseMs = 600_000;

export interface DeskOptions {
  table: SessionTable;
  journal: Journal;
  log: Log;
  now: () => number;
  policy: RoutePolicy;
  leaseMs: number;
  onMessage: (message: Message) => void;
}

export class DeliveryDesk {
  readonly mailbox = new Mailbox();
  readonly #options: DeskOptions;
  /** One pending timer per session id, re-armed by each pump. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #interruptTimers = new Map<string, NodeJS.Timeout>();
  readonly #lateTimers = new Map<string, NodeJS.Timeout>();
  /** How the last turn of each session ended. */
  readonly #lastTurn = new Map<string, EndedTurn>();
  /** Where the transcript ended when a message was first leased: its mark cannot stand before that. */
  readonly #leaseStarts = new Map<string, { path: string; bytes: number }>();
  /** Waiters (asyncRewake hooks) by session id. */
  readonly #waiters = new Map<string, Waiter>();
  /** What sessionChanged last saw: a new state makes an old refusal void. */
  readonly #lastState = new Map<string, string>();
  /** Sessions whose inbox socket has refused us. */
  readonly #brokenSockets = new Set<string>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Journalled and on disk when it resolves. @throws ClaudexError JOURNAL_UNWRITABLE; nothing is queued then. */
  async accept(message: Message): Promise<Message> {
    const known = message.key === undefined ? undefined : this.mailbox.byKey(message.key);
    if (known) return known;
    const entry = this.mailbox.accept(message);
    try {
      await this.#options.journal.commit(entry);
    } catch (error) {
      this.mailbox.move(message.id, { state: 'cancelled', at: this.#options.now(), reason: 'not accepted' });
      this.mailbox.forget(message.id);
      throw error;
    }
    this.#options.log('message accepted', { id: message.id, session: message.recipient.id, kind: message.kind });
    this.#options.onMessage(message);
    this.#pumpRecipient(message.recipient);
    return message;
  }

  /** Ends a message that has not been delivered, or queues an ended one again. False when it is past that point. */
  change(id: string, state: 'cancelled' | 'queued'): boolean {
    const message = this.mailbox.get(id);
    if (!message || (state === 'cancelled' && message.state !== 'queued')) return false;
    if (!this.#move(id, { state, ...(state === 'queued' && { reason: 'retried by hand' }) })) return false;
    this.#pumpRecipient(message.recipient);
    return true;
  }

  /** A session has started: what waited for one in that folder is now for it. */
  sessionStarted(session: Session): void {
    for (const message of this.mailbox.homeless()) {
      if (message.recipient.cwd !== session.cwd) continue;
      const recipient: Recipient = { ...message.recipient, id: session.id };
      this.#record(this.mailbox.readdress(message.id, recipient));
    }
  }

  /** Something about a session has changed: see whether its turn was interrupted, then try to deliver. */
  sessionChanged(session: Session): void {
    const state = stateOf(session);
    if (this.#lastState.get(session.id) !== state) session.gateShutSince = null;
    this.#lastState.set(session.id, state);
    this.#dropUselessWaiter(session);
    this.#watchForInterrupt(session);
    this.pump(session);
  }

  /** The session has ended: its turn's messages fail, the rest wait for the next session in that folder. */
  sessionGone(session: Session): void {
    for (const timers of [this.#timers, this.#interruptTimers, this.#lateTimers]) {
      clearTimeout(timers.get(session.id));
      timers.delete(session.id);
    }
    this.#dismissWaiter(session);
    this.#lastState.delete(session.id);
    this.#lastTurn.delete(session.id);
    this.#brokenSockets.delete(session.id);
    this.#proveLeases(session);
    for (const message of this.mailbox.openFor(session.id)) this.orphan(message);
  }

  /** The session of an open message ended while no daemon ran. */
  orphan(message: Message): void {
    if (message.state === 'delivered') {
      this.#move(message.id, { state: 'failed', reason: 'the session ended before its turn did' });
      return;
    }
    if (message.state === 'leased') this.#move(message.id, { state: 'queued', reason: 'the session ended' });
    this.#record(this.mailbox.readdress(message.id, { ...message.recipient, id: null }));
  }

  /** Delivers what can be delivered to this session now. */
  pump(session: Session): void {
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
    const now = this.#options.now();
    const open = this.mailbox.openFor(session.id);
    this.#expire(open, now);
    if (this.#holdForLease(session, open, now)) return;
    const next = this.#nextTask(open, now);
    if (!next) {
      this.#wakeLater(session, this.#nextMoment(open));
      return;
    }
    if (next.when === 'idle' && open.some((one) => one.state === 'delivered' && one.kind === 'task')) return;
    if (next.attempts > 0 && this.#proveByTranscript(session, next) !== undefined) return;
    const decision = chooseRoute(this.#situation(session), next, 'now', this.#options.policy);
    if ('wait' in decision) {
      const until = [this.#nextMoment(open)];
      if (decision.retryInMs !== undefined) until.push(now + decision.retryInMs);
      this.#wakeLater(session, earliest(until));
      return;
    }
    this.#deliver(session, next, decision.route);
  }

  /** What a UserPromptSubmit or Stop hook is to carry: leased here, proven by the transcript. Undefined for nothing. */
  claimForHook(session: Session, moment: Exclude<Moment, 'now'>, promptId: string | null): string | undefined {
    const now = this.#options.now();
    const open = this.mailbox.openFor(session.id);
    this.#expire(open, now);
    // what an earlier hook carried is in claude's hands already; what is being typed or sent is not
    if (open.some((one) => one.state === 'leased' && !isHookRoute(one.route))) return undefined;
    const ready = open.filter((one) => one.state === 'queued' && (one.notBefore ?? 0) <= now);
    const claimed: Message[] = [];
    let route: Route | undefined;
    for (const message of ready) {
      if (message.kind === 'task' && claimed.some((one) => one.kind === 'task')) continue;
      if (message.attempts > 0 && this.#proveByTranscript(session, message) !== undefined) continue;
      const decision = chooseRoute(this.#situation(session), message, moment, this.#options.policy);
      if ('wait' in decision) {
        if (message.kind === 'task') break;
        continue;
      }
      route = decision.route;
      claimed.push(message);
    }
    if (route === undefined) return undefined;
    const deadline = now + this.#options.leaseMs;
    for (const message of claimed) {
      this.#noteLeaseStart(session, message);
      this.#move(message.id, {
        state: 'leased',
        route,
        leaseDeadline: deadline,
        ...(promptId !== null && { promptId }),
      });
    }
    this.#wakeLater(session, nextLook(claimed[0]!, now));
    return composeTexts(claimed, maxHookOutputChars);
  }

  /** The supervisor did not type: why decides what happens next. */
  pasteRefused(session: Session, messageId: string, reason: GateReason): void {
    session.gateShutSince ??= this.#options.now();
    if (this.#move(messageId, { state: 'queued', reason: `prompt box: ${reason}` })) this.pump(session);
  }

  /** Typed and entered, not proven yet: nobody else may carry it while the supervisor looks after it. */
  pasteTyped(messageId: string): void {
    const message = this.mailbox.get(messageId);
    if (message?.state === 'leased') message.leaseDeadline = this.#options.now() + typedLeaseMs;
  }

  gateOpened(session: Session): void {
    session.gateShutSince = null;
    this.pump(session);
  }

  /** Claude has reported our mark: the message is in. */
  proven(session: Session, messageId: string, promptId: string | null): boolean {
    const message = this.mailbox.get(messageId);
    if (!message || message.recipient.id !== session.id) return false;
    const moved = this.#move(messageId, {
      state: 'delivered',
      ...(message.route !== undefined && { route: message.route }),
      ...(promptId !== null && { promptId }),
    });
    this.#leaseStarts.delete(messageId);
    // claude writes its transcript a little late: the proof may come after the end of the turn that it proves
    const turn = this.#lastTurn.get(session.id);
    if (moved && turn && message.promptId !== undefined && turn.promptId === message.promptId)
      this.#settle(message, turn);
    return moved;
  }

  /** A turn has ended: what it was for is answered, or failed. */
  turnEnded(session: Session, turn: EndedTurn): void {
    this.#lastTurn.set(session.id, turn);
    this.#proveLeases(session);
    this.#settleTurn(session);
    // claude writes its transcript a little late: what could not be told yet is told then, or counts as interrupted
    if (this.#delivered(session).length > 0) {
      clearTimeout(this.#lateTimers.get(session.id));
      this.#lateTimers.set(
        session.id,
        setTimeout(() => this.#settleTurn(session), lateTranscriptMs),
      );
    }
  }

  /** A waiter offers itself; the newer supersedes the older. Returns its removal (its process has gone). */
  addWaiter(session: Session, waiter: Waiter): () => void {
    this.#dismissWaiter(session);
    this.#waiters.set(session.id, waiter);
    this.#dropUselessWaiter(session);
    this.pump(session);
    return () => {
      if (this.#waiters.get(session.id) === waiter) this.#waiters.delete(session.id);
    };
  }

  /** Ends every waiter's process (the daemon is being stopped for good). */
  dismissWaiters(): void {
    for (const waiter of this.#waiters.values()) waiter.dismiss();
    this.#waiters.clear();
  }

  close(): void {
    for (const timers of [this.#timers, this.#interruptTimers, this.#lateTimers]) {
      for (const timer of timers.values()) clearTimeout(timer);
    }
  }

  /** Where claude has an inbox socket, nobody need wait beside it. */
  #dropUselessWaiter(session: Session): void {
    if (session.file?.messagingSocketPath && !this.#brokenSockets.has(session.id)) this.#dismissWaiter(session);
  }

  #dismissWaiter(session: Session): void {
    this.#waiters.get(session.id)?.dismiss();
    this.#waiters.delete(session.id);
  }

  #situation(session: Session): SessionSituation {
    return {
      state: stateOf(session),
      capabilities: capabilitiesOf(session.version),
      supervised: session.supervisor !== null,
      gateShutForMs: session.gateShutSince === null ? undefined : this.#options.now() - session.gateShutSince,
      hasInboxSocket: !!session.file?.messagingSocketPath && !this.#brokenSockets.has(session.id),
      hasWaiter: this.#waiters.has(session.id),
      hasHooks: session.hookState !== null,
    };
  }

  #deliver(session: Session, message: Message, route: Route): void {
    const leaseDeadline = this.#options.now() + this.#options.leaseMs;
    this.#noteLeaseStart(session, message);
    if (!this.#move(message.id, { state: 'leased', route, leaseDeadline })) return;
    this.#wakeLater(session, leaseDeadline);
    const text = composeText(message);
    if (route === 'paste') {
      session.supervisor?.send({
        type: 'paste',
        messageId: message.id,
        text,
        mark: markOf(message),
        deadline: leaseDeadline,
      });
    } else if (route === 'inbox-socket') {
      writeToInbox(session.file!.messagingSocketPath!, text).catch(() => {
        this.#brokenSockets.add(session.id);
        if (this.#move(message.id, { state: 'queued', reason: 'inbox socket: unreachable' })) this.pump(session);
      });
    } else if (route === 'wake') {
      const waiter = this.#waiters.get(session.id);
      this.#waiters.delete(session.id);
      waiter?.wake(text);
    }
  }

  /** True while a lease is out: nothing else may go in. Ends leases that have run out. */
  #holdForLease(session: Session, open: readonly Message[], now: number): boolean {
    let held = false;
    for (const message of open) {
      if (message.state !== 'leased') continue;
      if (this.#proveByTranscript(session, message) !== undefined) continue;
      if ((message.leaseDeadline ?? 0) > now) {
        this.#wakeLater(session, nextLook(message, now));
        held = true;
      } else {
        this.#options.log('lease ran out', { id: message.id, route: message.route, attempts: message.attempts });
        this.#move(message.id, { state: 'queued', reason: `${message.route}: no proof in time` });
      }
    }
    return held;
  }

  #proveLeases(session: Session): void {
    for (const message of this.mailbox.openFor(session.id)) {
      if (message.state === 'leased') this.#proveByTranscript(session, message);
    }
  }

  /** Where the turn is not known from the hook, the transcript tells; a mark without a turn joined the running one. */
  #belongsToTurn(session: Session, message: Message, promptId: string | null): boolean {
    if (promptId === null) return true;
    if (message.promptId !== undefined) return message.promptId === promptId;
    const found = session.transcriptPath === null ? undefined : findMark(session.transcriptPath, markOf(message));
    if (!found || found.onlyQueued) return false;
    return found.promptId === null || found.promptId === promptId;
  }

  #noteLeaseStart(session: Session, message: Message): void {
    const path = session.transcriptPath;
    // an earlier attempt (perhaps under an earlier daemon) may have left its mark anywhere
    if (path === null || message.attempts > 0) return;
    this.#leaseStarts.set(message.id, { path, bytes: transcriptSize(path) });
  }

  #delivered(session: Session): Message[] {
    return this.mailbox.openFor(session.id).filter((one) => one.state === 'delivered');
  }

  /** Settles what belongs to the last turn that has ended. */
  #settleTurn(session: Session): void {
    const turn = this.#lastTurn.get(session.id);
    if (!turn) return;
    for (const message of this.#delivered(session)) {
      if (this.#belongsToTurn(session, message, turn.promptId)) this.#settle(message, turn);
    }
  }

  #settle(message: Message, turn: EndedTurn): void {
    if (turn.failure !== undefined) this.#move(message.id, { state: 'failed', reason: turn.failure });
    else this.#move(message.id, { state: 'answered', answer: turn.answer ?? '' });
  }

  #proveByTranscript(session: Session, message: Message): true | undefined {
    if (session.transcriptPath === null) return undefined;
    const start = this.#leaseStarts.get(message.id);
    const fromByte = start?.path === session.transcriptPath ? start.bytes : 0;
    const found = findMark(session.transcriptPath, markOf(message), fromByte);
    if (!found) return undefined;
    this.proven(session, message.id, found.promptId);
    return true;
  }

  #nextTask(open: readonly Message[], now: number): Message | undefined {
    return open.find(
      (one) =>
        one.state === 'queued' && (one.notBefore ?? 0) <= now && (one.kind === 'task' || one.forcedRoute !== undefined),
    );
  }

  #nextMoment(open: readonly Message[]): number | undefined {
    const now = this.#options.now();
    return earliest(open.flatMap((one) => [one.notBefore, one.expiresAt]).filter((at) => at === undefined || at > now));
  }

  #expire(open: readonly Message[], now: number): void {
    for (const message of open) {
      if (message.state === 'queued' && message.expiresAt !== undefined && message.expiresAt <= now) {
        this.#move(message.id, { state: 'expired', reason: 'not delivered in time' });
      }
    }
  }

  #watchForInterrupt(session: Session): void {
    clearTimeout(this.#interruptTimers.get(session.id));
    this.#interruptTimers.delete(session.id);
    const delivered = this.#delivered(session);
    if (delivered.length === 0 || stateOf(session) !== 'idle') return;
    const timer = setTimeout(() => {
      this.#settleTurn(session);
      for (const { id } of delivered) {
        if (this.mailbox.get(id)?.state === 'delivered') {
          this.#move(id, { state: 'failed', reason: 'the turn was interrupted' });
        }
      }
      this.pump(session);
    }, interruptGraceMs);
    this.#interruptTimers.set(session.id, timer);
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

  #move(id: string, change: { state: MessageState } & Partial<Omit<Message, 'state'>>): boolean {
    const entry = this.mailbox.move(id, { at: this.#options.now(), ...change });
    if (!entry) return false;
    this.#record(entry);
    const message = this.mailbox.get(id)!;
    this.#options.log(`message ${message.state}`, { id, route: message.route ?? null, reason: message.reason ?? null });
    this.#options.onMessage(message);
    return true;
  }

  /** A state that cannot be written is still true; the journal then lags, and the transcript decides after a restart. */
  #record(entry: JournalEntry): void {
    try {
      this.#options.journal.append(entry);
    } catch (error) {
      this.#options.log('journal unwritable', { error: String(error) });
    }
  }
}

/** Leases of hook routes are proven by the transcript alone: look at growing intervals. The others report by hook. */
function nextLook(message: Message, now: number): number {
  const deadline = message.leaseDeadline ?? now;
  if (!isHookRoute(message.route)) return deadline;
  const leasedAt = message.history.at(-1)?.at ?? now;
  return Math.min(deadline, now + Math.max(250, now - leasedAt));
}

function isHookRoute(route: Route | undefined): boolean {
  return route === 'turn-end' || route === 'next-prompt';
}

function earliest(times: ReadonlyArray<number | undefined>): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
