/** In words: what has become of a question. */
import type { Question } from './question.ts';

/** `Answered in the terminal 12 s ago.` */
export function overText({ state, via, by, taken, reason, endedAt }: Question, now: number): string {
  const seconds = Math.max(0, Math.round((now - (endedAt ?? now)) / 1000));
  const ago = seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
  if (state === 'withdrawn') return `Withdrawn ${ago}: ${reason}.`;
  if (via !== 'terminal') return `Answered by ${by} ${ago}.`;
  const doubt = taken === null && reason !== null ? `, ${reason}` : '';
  return `Answered in the terminal ${ago}${doubt}.`;
}
