/**
 * What claude asks of a person, in every session: who waits, what an answer from elsewhere does, and when it is no longer asked. The dialog
 * in the terminal stays as it is, and the first answer counts; claude's own files say which one that was.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { processAgeMs } from '../../process/identity.ts';
import { Signal } from '../../process/signal.ts';
import type { AnswerRequest, Question } from '../../protocol/question.ts';
import type { HeldHook } from '../held-hook.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import { checkRoom } from './bounds.ts';
import { EndedQuestions } from './ended-questions.ts';
import { FateWatch } from './fate-watch.ts';
import { type Asked, LiveQuestion, questionId } from './live-question.ts';
import type { Fate } from './match.ts';
import { overError, reasonText } from './over-text.ts';
import { givenBy, replyFor } from './reply-for.ts';
import { dialogWithinMs, heldBackReason, isDialogHeldBack, isWaiting, seenState } from './session-sight.ts';
import { standingOf } from './standing.ts';
import { Verdicts } from './verdicts.ts';
import { WaitingHooks } from './waiting-hooks.ts';

/** Claude takes an answer within some 100 ms; a machine that is busy needs longer. */
const takenWithinMs = 8000;
/** While an allowed tool runs, claude says nothing of whose answer that was: after so long nobody waits for it any more. */
const verdictWithinMs = 2000;

export type QuestionEvent = 'asked' | 'answered' | 'withdrawn' | 'taken' | 'not-taken';

export class OpenQuestions {
  /** Something has become of a question, or it is new. */
  readonly changed = new Signal<{ question: Question; event: QuestionEvent }>();
  readonly #live = new Map<string, LiveQuestion>();
  readonly #ended = new EndedQuestions();
  readonly #fates: FateWatch;
  readonly #hooks: WaitingHooks;
  readonly #clock: Clock;
  readonly #readFileNow: (session: Session) => void;
  readonly #verdicts = new Verdicts();

  constructor(options: { clock: Clock; readFileNow: (session: Session) => void }) {
    this.#clock = options.clock;
    this.#readFileNow = options.readFileNow;
    this.#fates = new FateWatch((question, fate) => this.#fateKnown(question, fate));
    this.#hooks = new WaitingHooks({
      look: (question) => this.#look(question.session),
      lost: (question) => this.#hookLost(question),
    });
  }

  /** Claude asks. `hold` takes the hook's request over; where that is of no use it is not called, and the hook ends. */
  ask(asked: Asked, hold: (gone: () => void) => HeldHook): void {
    const { session, request, process } = asked;
    const known = this.#live.get(questionId(session.id, process));
    if (known) return void this.#heldAgain(known, hold);
    checkRoom(this.#live.values(), request.input);
    const askedAt = this.#clock.timeOfDay() - (processAgeMs(process.pid) ?? 0);
    const question = new LiveQuestion({ ...asked, askedAt });
    this.#live.set(question.id, question);
    if (isDialogHeldBack(session, request)) {
      question.inTerminalOnly(heldBackReason);
    } else {
      this.#hooks.hold(question, hold);
      if (request.agentId !== null) this.#letDialogCome(question);
    }
    this.#tell(question, 'asked');
    this.#readFileNow(session);
    this.sessionChanged(session);
    this.#watch(session);
  }

  /** The open ones, oldest first; `ended`: so many of those that are over, too. */
  all({ ended = 0 } = {}): Question[] {
    const live = [...this.#live.values()].map(({ record }) => record);
    return [...this.#ended.newest(ended), ...live].sort((a, b) => a.askedAt - b.askedAt);
  }

  /** How many a session asks at this moment. */
  countOf(sessionId: string): number {
    return this.#of(sessionId).filter((one) => one.isOpen).length;
  }

  get(id: string): Question | undefined {
    return this.#live.get(id)?.record ?? this.#ended.get(id);
  }

  /**
   * Hands an answer to claude. Resolves once claude has said whether it took it, or has not said so for a while.
   * @throws ClaudexError NO_SUCH_QUESTION, QUESTION_OVER, QUESTION_NOT_REMOTE, BAD_ANSWER, NOT_TAKEN
   */
  async answer(id: string, request: AnswerRequest): Promise<Question> {
    const found = this.#live.get(id);
    if (found) this.#look(found.session);
    const question = this.#live.get(id);
    if (!question?.isOpen) throw overError(id, this.get(id), this.#clock.timeOfDay());
    if (!question.hook) throw new ClaudexError('QUESTION_NOT_REMOTE', reasonText(question.record));
    const reply = replyFor(question.request, request);
    const now = this.#clock.timeOfDay();
    question.answeredAt = now;
    question.endsTurn = request.decision === 'deny' && request.stop === true;
    question.answered(givenBy(request, question.request), now);
    question.handOver(reply);
    this.#tell(question, 'answered');
    await this.#verdict(question);
    const record = this.get(id) ?? question.record;
    if (record.state === 'open') throw new ClaudexError('NOT_TAKEN');
    if (record.state === 'withdrawn' || record.via === 'terminal') throw overError(id, record, this.#clock.timeOfDay());
    return record;
  }

  /** Claude's session file, or a hook, has told something of it. */
  sessionChanged(session: Session): void {
    for (const question of this.#of(session.id)) this.#judge(question);
    this.#watch(session);
    // its turn has ended, and with it the tool
    const isOver = stateOf(session) === 'idle' && this.#of(session.id).some((one) => one.isUnproven);
    this.#fates.look(session, { isAfresh: isOver });
  }

  /** Its process has ended. */
  sessionGone(session: Session): void {
    for (const question of this.#of(session.id)) this.#withdraw(question, 'its session has ended');
    this.#watch(session);
  }

  /** Ends every hook's wait (the daemon is being stopped for good); the dialogs stay. */
  dismissHooks(): void {
    for (const question of this.#live.values()) question.inTerminalOnly('the daemon was stopped');
  }

  close(): void {
    this.#hooks.close();
    this.#fates.close();
    this.#verdicts.close();
  }

  #of(sessionId: string): LiveQuestion[] {
    return [...this.#live.values()].filter((one) => one.session.id === sessionId);
  }

  /** An agent may have been moved to the background, which nothing says: then no dialog comes while its hook waits. */
  #letDialogCome(question: LiveQuestion): void {
    const check = (): void => {
      this.#look(question.session);
      if (!question.isOpen || question.waitingSince !== null) return;
      this.#hooks.letGo(question, heldBackReason);
      this.#tell(question, 'asked');
    };
    setTimeout(() => guarded('questions', check), dialogWithinMs).unref();
  }

  #heldAgain(question: LiveQuestion, hold: (gone: () => void) => HeldHook): void {
    // answered meanwhile: the hook has not heard of it, and claude neither
    if (!question.isOpen) return;
    question.hook?.dismiss();
    this.#hooks.hold(question, hold);
    this.#tell(question, 'asked');
  }

  /** Its hook has gone: claude ends it when the dialog is cancelled (Esc, No); else somebody has killed it. */
  #hookLost(question: LiveQuestion): void {
    if (!isWaiting(question.session)) return void this.#inTerminal(question);
    question.inTerminalOnly('its hook was ended');
    this.#tell(question, 'asked');
  }

  #look(session: Session): void {
    this.#readFileNow(session);
    this.sessionChanged(session);
  }

  #judge(question: LiveQuestion): void {
    const { session } = question;
    if (session.claudeSessionId !== null && session.claudeSessionId !== question.conversation) {
      return void this.#withdraw(question, 'the conversation was cleared');
    }
    // its file may say that it went on before an answer that it then took (2.1.332): the transcript alone tells
    if (question.isSaidLate && stateOf(session) === 'busy') this.#verdicts.come(question.id, verdictWithinMs);
    if (!question.isOpen) return;
    const standing = standingOf(question, seenState(session), this.#clock.timeOfDay());
    if (standing.is === 'over') return void this.#inTerminal(question);
    if (standing.is === 'open') question.waitingSince = standing.waitingSince;
    else setTimeout(() => guarded('questions', () => this.#judge(question)), standing.inMs).unref();
  }

  #lost(question: LiveQuestion): void {
    question.lostToTerminal(this.#clock.timeOfDay());
    this.#end(question, 'not-taken');
  }

  #inTerminal(question: LiveQuestion): void {
    question.answered({ decision: null, by: null, via: 'terminal', always: null }, this.#clock.timeOfDay());
    this.#end(question, 'answered');
  }

  #withdraw(question: LiveQuestion, reason: string): void {
    if (question.isOpen || question.isUnproven) question.withdrawn(reason, this.#clock.timeOfDay());
    this.#end(question, 'withdrawn');
  }

  #fateKnown(question: LiveQuestion, fate: Fate): void {
    if (fate === 'taken' || (fate === 'interrupted' && question.endsTurn)) {
      question.taken();
      this.#end(question, 'taken');
    } else if (fate === 'interrupted' && question.isSaidLate) {
      question.interrupted(this.#clock.timeOfDay());
      this.#end(question, 'not-taken');
    } else if (question.isUnproven) {
      this.#lost(question);
    } else {
      const equal = this.#of(question.session.id).find((one) => one.isOpen && one.isEqualTo(question));
      equal?.takeOver(question);
      this.#inTerminal(question);
    }
  }

  #end(question: LiveQuestion, event: QuestionEvent): void {
    if (!this.#live.delete(question.id)) return;
    this.#ended.add(question.record);
    this.#tell(question, event);
    this.#verdicts.come(question.id);
  }

  /** Resolves when claude has said whose answer counted, when it goes on and does not say so soon, or when nothing happens. */
  async #verdict(question: LiveQuestion): Promise<void> {
    const verdict = this.#verdicts.of(question.id, takenWithinMs);
    this.#look(question.session);
    await verdict;
    if (!question.isUnproven || !this.#live.has(question.id)) return;
    this.#look(question.session);
    if (!question.isUnproven || this.#of(question.session.id).length > 1) return;
    // a tool runs, and a no would stand in the transcript by now
    if (stateOf(question.session) === 'busy' && !question.isSaidLate) return void this.#lost(question);
    if (!isWaiting(question.session)) return;
    question.notTaken();
    this.#tell(question, 'not-taken');
  }

  /** The transcripts are followed while they alone can tell: an answer is not proven, or one of several was answered. */
  #watch(session: Session): void {
    this.#fates.watch(session, this.#of(session.id));
  }

  #tell(question: LiveQuestion, event: QuestionEvent): void {
    this.changed.emit({ question: question.record, event });
  }
}
