/** A text before and after, line by line. Pure. */
import { diffLines } from 'diff';

interface Line {
  mark: '+' | '−' | ' ';
  text: string;
}

export function changedLines(before: string, after: string): Line[] {
  return diffLines(before, after).flatMap(({ value, added, removed }) => {
    const mark = added ? '+' : removed ? '−' : ' ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ mark, text }) as const);
  });
}
