/** The questions that the daemon knows, for the board: read when a daemon has been found, kept true by its events, answered through it. */
import type { DaemonClient } from '../daemon-client/client.ts';
import { Signal } from '../process/signal.ts';
import type { AnswerRequest, Question } from '../protocol/question.ts';
import { visibleLine, visibleText } from '../protocol/visible-text.ts';
import type { BoardAnswer, BoardQuestion, QuestionSource } from './question-source.ts';

export interface LiveQuestionsOptions {
  connect: () => Promise<DaemonClient>;
  /** Who answers, in words. */
  by: string;
}

export class LiveQuestions implements QuestionSource {
  readonly changed = new Signal<void>();
  readonly #options: LiveQuestionsOptions;
  readonly #open = new Map<string, Question>();
  #shown: BoardQuestion[] | undefined;

  constructor(options: LiveQuestionsOptions) {
    this.#options = options;
  }

  open(): readonly BoardQuestion[] {
    this.#shown ??= [...this.#open.values()].sort((a, b) => a.askedAt - b.askedAt).map(boardQuestion);
    return this.#shown;
  }

  /** A daemon has been found: what it knows is what there is. */
  async readAll(client: DaemonClient): Promise<void> {
    const questions = await client.questions();
    this.#open.clear();
    for (const one of questions) this.#take(one);
    this.#touch();
  }

  /** An event of the daemon's. */
  heard(question: Question): void {
    this.#take(question);
    this.#touch();
  }

  async answer(id: string, answer: BoardAnswer): Promise<string> {
    const client = await this.#options.connect();
    const { name, decision, taken } = await client.answerQuestion(id, requestOf(answer, this.#options.by));
    const what = decision === 'deny' ? 'denied' : answer.kind === 'choose' ? 'answered' : 'approved';
    return `${visibleLine(name)}: ${what}${taken === true ? '.' : ', and claude goes on.'}`;
  }

  #take(question: Question): void {
    if (question.state === 'open') this.#open.set(question.id, question);
    else this.#open.delete(question.id);
  }

  #touch(): void {
    this.#shown = undefined;
    this.changed.emit();
  }
}

/** A question as the board shows it: what comes from claude as it is has every hidden character written out. */
export function boardQuestion(question: Question): BoardQuestion {
  const { id, session, kind, tool, agent, shown, choices, suggestions, remote, reason } = question;
  const name = visibleLine(tool);
  const asks = choices.map((one) => ({
    text: visibleText(one.question),
    options: one.options.map(({ label, description }) => {
      return { label: visibleLine(label), value: label, description: visibleText(description) };
    }),
    isMulti: one.multiSelect,
  }));
  const first = kind === 'question' ? (asks[0]?.text ?? '') : shown;
  return {
    id,
    sessionId: session,
    kind,
    tool: agent === null ? name : `${name} (of the subagent ${visibleLine(agent)})`,
    summary: `${kind === 'plan' ? 'plan' : name}: ${visibleLine(first.split('\n').find((line) => line.trim() !== '') ?? '')}`,
    shown: visibleText(shown),
    suggestions: suggestions.map(({ text }) => visibleLine(text)),
    asks,
    onlyThere: remote ? null : visibleLine(reason ?? 'it can be answered in its terminal only'),
  };
}

function requestOf(answer: BoardAnswer, by: string): AnswerRequest {
  const who = { via: 'board', by } as const;
  switch (answer.kind) {
    case 'approve':
      return { ...who, decision: 'allow', ...(answer.always !== undefined && { always: answer.always }) };
    case 'deny':
      return { ...who, decision: 'deny', ...(answer.reason !== undefined && { message: answer.reason }) };
    case 'choose':
      return {
        ...who,
        decision: 'answer',
        answers: answer.chosen.map((one) => (typeof one === 'string' ? one : [...one])),
      };
  }
}
