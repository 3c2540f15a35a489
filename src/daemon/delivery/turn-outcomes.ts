/**
 * What became of the turns that messages started: answered, failed, or interrupted without a word.
 * Knows claude's two weak spots here: an interrupt fires no hook, and the transcript is written a little late.
 */
import { guarded } from '../../process/guard.ts';
import { Signal } from '../../process/signal.ts';
import type { Message } from '../../protocol/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import { findProof, findTurnAnswer } from './transcript-proof.ts';

/** A turn that went idle without a Stop hook counts as interrupted after this long. */
const interruptGraceMs = 2000;
/** How late claude writes its transcript after a hook, at most in what we have seen. */
const lateTranscriptMs = 300;

/** How a turn ended, from claude's Stop or StopFailure hook. */
export interface EndedTurn {
  promptId: string | null;
  /** Claude's last message. */
  answer: string | null;
  /** Why there is no answer. */
  failure?: string;
}

export class TurnOutcomes {
  /** What was open of a session's turn has been looked at once more: something else may go in. */
  readonly settled = new Signal<Session>();
  readonly #store: MessageStore;
  /** The last turn that has ended, and what it may have been for: what was on its way or in at that moment. */
  readonly #last = new Map<string, EndedTurn & { messages: ReadonlySet<Message> }>();
  readonly #interruptTimers = new Map<string, NodeJS.Timeout>();
  readonly #lateTimers = new Map<string, NodeJS.Timeout>();

  constructor(store: MessageStore) {
    this.#store = store;
  }

  /** A hook has told of the end of a turn. */
  ended(session: Session, turn: EndedTurn): void {
    const open = this.#store.mailbox.openFor(session.id);
    const messages = new Set(open.filter((one) => one.state === 'leased' || one.state === 'delivered'));
    this.#last.set(session.id, { ...turn, messages });
    this.#settle(session);
    if (this.#delivered(session).length === 0) return;
    this.#arm(this.#lateTimers, session, lateTranscriptMs, () => {
      this.#settle(session);
      this.settled.emit(session);
    });
  }

  /** The turn goes on with what its Stop hook was given: how it stood there is not how it ended. */
  continued(session: Session): void {
    this.#last.delete(session.id);
  }

  /** A message has been proven; the turn that it belongs to may be over already. */
  delivered(session: Session, message: Message): void {
    const turn = this.#last.get(session.id);
    if (message.promptId !== undefined && turn?.promptId === message.promptId) this.#end(message, turn);
  }

  /** Idle with a turn of ours still open: Stop is late, or the person has pressed Esc. */
  sessionChanged(session: Session): void {
    this.#disarm(this.#interruptTimers, session);
    const delivered = this.#delivered(session);
    if (delivered.length === 0 || stateOf(session) !== 'idle') return;
    this.#arm(this.#interruptTimers, session, interruptGraceMs, () => {
      this.#settle(session);
      for (const message of delivered) {
        if (message.state !== 'delivered') continue;
        this.#endUntold(session, message);
      }
      this.settled.emit(session);
    });
  }

  sessionGone(session: Session): void {
    this.#disarm(this.#interruptTimers, session);
    this.#disarm(this.#lateTimers, session);
    this.#last.delete(session.id);
  }

  close(): void {
    for (const timer of [...this.#interruptTimers.values(), ...this.#lateTimers.values()]) clearTimeout(timer);
  }

  #delivered(session: Session): Message[] {
    return this.#store.mailbox.openFor(session.id).filter((one) => one.state === 'delivered');
  }

  /** Settles what belongs to the last turn that has ended. */
  #settle(session: Session): void {
    const turn = this.#last.get(session.id);
    if (!turn) return;
    for (const message of this.#delivered(session)) {
      // what has gone in since is for a turn that still runs
      if (!turn.messages.has(message)) continue;
      if (this.#belongs(session, message, turn.promptId)) this.#end(message, turn);
      // the end of a later turn: its own Stop never came
      else if (message.promptId !== undefined) this.#endUntold(session, message);
    }
  }

  /** Where the turn is not known from the hook, the transcript tells; a mark without a turn joined the running one. */
  #belongs(session: Session, message: Message, promptId: string | null): boolean {
    if (promptId === null) return true;
    if (message.promptId !== undefined) return message.promptId === promptId;
    const found = findProof(session, message);
    if (!found || found.onlyQueued) return false;
    return found.promptId === null || found.promptId === promptId;
  }

  /** Its Stop may have come while no daemon ran, or its hooks are off: the transcript knows. */
  #endUntold(session: Session, message: Message): void {
    const answer = findTurnAnswer(session, message);
    if (answer !== undefined) this.#end(message, { promptId: null, answer });
    else this.#store.move(message.id, { state: 'failed', reason: 'the turn was interrupted' });
  }

  #end(message: Message, turn: EndedTurn): void {
    if (turn.failure !== undefined) this.#store.move(message.id, { state: 'failed', reason: turn.failure });
    else this.#store.move(message.id, { state: 'answered', answer: turn.answer ?? '' });
  }

  #arm(timers: Map<string, NodeJS.Timeout>, session: Session, delayMs: number, then: () => void): void {
    this.#disarm(timers, session);
    timers.set(
      session.id,
      setTimeout(() => guarded('end of a turn', then), delayMs),
    );
  }

  #disarm(timers: Map<string, NodeJS.Timeout>, session: Session): void {
    clearTimeout(timers.get(session.id));
    timers.delete(session.id);
  }
}
