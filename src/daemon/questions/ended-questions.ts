/** What was asked and is over: enough of it to tell a late answer what has become of its question. */
import type { Question } from '../../protocol/question.ts';

/** The newest so many are kept, in memory. */
const kept = 500;

export class EndedQuestions {
  readonly #byId = new Map<string, Question>();

  add(question: Question): void {
    this.#byId.delete(question.id);
    this.#byId.set(question.id, question);
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= kept) break;
      this.#byId.delete(id);
    }
  }

  get(id: string): Question | undefined {
    return this.#byId.get(id);
  }

  newest(count: number): Question[] {
    return count === 0 ? [] : [...this.#byId.values()].slice(-count);
  }
}
