/** The hooks that wait beside dialogs: what it means when one has hung up, and which one has died without a word. */
import { guarded } from '../../process/guard.ts';
import { lives } from '../../process/identity.ts';
import type { HeldHook } from '../held-hook.ts';
import type { LiveQuestion } from './live-question.ts';

/** A hook whose shell was killed leaves its curl behind, which nobody reads: so often they are looked after, while any waits. */
const sweepMs = 1500;
/** So long a hook that has hung up may take to end; one of which only a part was killed comes back by then. */
const hangUpMs = 250;

export class WaitingHooks {
  readonly #waiting = new Set<LiveQuestion>();
  readonly #look: (question: LiveQuestion) => void;
  readonly #lost: (question: LiveQuestion) => void;
  #sweep: NodeJS.Timeout | undefined;

  /** `look`: what the session says of its dialog is to be read now. `lost`: the question is open, and its hook has gone. */
  constructor(options: { look: (question: LiveQuestion) => void; lost: (question: LiveQuestion) => void }) {
    this.#look = options.look;
    this.#lost = options.lost;
  }

  /** Lets a hook wait for the answer to that question. */
  hold(question: LiveQuestion, hold: (gone: () => void) => HeldHook): void {
    const hook = hold(() => this.#hungUp(question, hook));
    question.held(hook);
    this.#waiting.add(question);
    this.#sweep ??= setInterval(() => guarded('questions', () => this.#sweepThem()), sweepMs);
  }

  /** Its hook is told to end: when it has, that says nothing of the dialog. */
  letGo(question: LiveQuestion, reason: string): void {
    this.#waiting.delete(question);
    question.inTerminalOnly(reason);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#waiting.clear();
  }

  #hungUp(question: LiveQuestion, hook: HeldHook): void {
    if (question.hook !== hook) return; // another one waits instead
    question.hook = null;
    this.#look(question);
    const check = (leftMs: number): void => {
      if (!question.isOpen || question.hook !== null) return;
      if (leftMs > 0 && lives(question.process)) {
        setTimeout(() => guarded('questions', () => check(leftMs - 10)), 10);
        return;
      }
      this.#look(question);
      // what still lives comes back; the sweep looks after it
      if (question.isOpen && !lives(question.process)) this.#end(question);
    };
    check(hangUpMs);
  }

  #sweepThem(): void {
    for (const question of this.#waiting) {
      if (!question.isOpen) this.#waiting.delete(question);
      else if (!lives(question.process)) this.#end(question);
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #end(question: LiveQuestion): void {
    this.#waiting.delete(question);
    this.#look(question);
    if (question.isOpen) this.#lost(question);
  }
}
