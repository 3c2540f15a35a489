/** Who was asked what, and who has answered: one line for each thing that happens, in logs/questions.ndjson (mode 0600, rotated). */
import { createHash } from 'node:crypto';
import { openLog } from '../../home/log.ts';
import type { Question } from '../../protocol/question.ts';
import type { QuestionEvent } from './open-questions.ts';

/** A longer input stands there cut. */
const maxInputChars = 100_000;

export class QuestionsLog {
  readonly #log: ReturnType<typeof openLog>;
  readonly #logsInput: boolean;
  readonly #shown = new Set<string>();

  /** `logsInput`: setting questions.logInput. */
  constructor(path: string, logsInput: boolean) {
    this.#log = openLog(path);
    this.#logsInput = logsInput;
  }

  happened(question: Question, event: QuestionEvent): void {
    const { id, session, cwd, kind, tool, agent, state, remote, decision, by, via, always, taken, reason } = question;
    if (state !== 'open') this.#shown.delete(id);
    const asked = event === 'asked' ? { cwd, kind, tool, agent, remote, ...this.#input(question) } : {};
    const decided = event === 'asked' ? {} : { decision, by, via, always, taken };
    this.#log(event, { id, session, ...asked, ...decided, reason });
  }

  /** Somebody was given it to look at: once for each question. */
  shown(questions: readonly Question[], pid: number | undefined): void {
    for (const { id, state } of questions) {
      if (state !== 'open' || this.#shown.has(id)) continue;
      this.#shown.add(id);
      this.#log('shown', { id, pid });
    }
  }

  /** Somebody who may not has tried to answer it. */
  refused(id: string, facts: string): void {
    this.#log('refused', { id: id.slice(0, 40), reason: facts });
  }

  #input({ input }: Question): { input?: string; inputHash: string } {
    const text = JSON.stringify(input);
    const inputHash = createHash('sha256').update(text).digest('hex');
    return this.#logsInput ? { inputHash, input: text.slice(0, maxInputChars) } : { inputHash };
  }
}
