/** In words: why a question cannot be answered from here. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { overText } from '../../protocol/over-text.ts';
import type { Question } from '../../protocol/question.ts';

/** `Its hook was ended.` */
export function reasonText({ reason }: Question): string {
  return reason === null ? '' : `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
}

/** Why nothing can be answered under that id. */
export function overError(id: string, question: Question | undefined, now: number): ClaudexError {
  if (!question) return new ClaudexError('NO_SUCH_QUESTION', `Asked for "${id.slice(0, 40)}".`);
  return new ClaudexError('QUESTION_OVER', overText(question, now));
}
