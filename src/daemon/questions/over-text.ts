/** In words: what has become of a question, and why it cannot be answered from here. */
import type { Question } from '../../protocol/question.ts';

/** `Answered in the terminal 12 s ago.` */
export function overText({ state, via, by, reason, endedAt }: Question, now: number): string {
  const seconds = Math.max(0, Math.round((now - (endedAt ?? now)) / 1000));
  const ago = seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
  if (state === 'withdrawn') return `Withdrawn ${ago}: ${reason}.`;
  return via === 'terminal' ? `Answered in the terminal ${ago}.` : `Answered by ${by} ${ago}.`;
}

/** `Its hook was ended.` */
export function reasonText({ reason }: Question): string {
  return reason === null ? '' : `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
}
