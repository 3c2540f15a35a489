/** In words: what has become of a question, and why it cannot be answered from here. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Question } from '../../protocol/question.ts';

/** `Answered in the terminal 12 s ago.` */
export function overText({ state, via, by, taken, reason, endedAt }: Question, now: number): string {
  const seconds = Math.max(0, Math.round((now - (endedAt ?? now)) / 1000));
  const ago = seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
  if (state === 'withdrawn') return `Withdrawn ${ago}: ${reason}.`;
  if (via !== 'terminal') return `Answered by ${by} ${ago}.`;
  const doubt = taken === null && reason !== null ? `, ${reason}` : '';
  return `Answered in the terminal ${ago}${doubt}.`;
}

/** `Its hook was ended.` */
export function reasonText({ reason }: Question): string {
  return reason === null ? '' : `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
}

/** Why nothing can be answered under that id. */
export function overError(id: string, question: Question | undefined, now: number): ClaudexError {
  if (!question) return new ClaudexError('NO_SUCH_QUESTION', `Asked for "${id.slice(0, 40)}".`);
  return new ClaudexError('QUESTION_OVER', overText(question, now));
}
