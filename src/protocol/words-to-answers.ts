/** What a person writes to what claude asks with options: numbers, labels, or words of their own. Pure. */
import { ClaudexError } from '../errors/claudex-error.ts';
import type { AskedChoice } from './question.ts';

/**
 * `words` answer the first question; `to` holds the number and the answer of others, in pairs.
 * @throws ClaudexError BAD_ANSWER, USAGE
 */
export function wordsToAnswers(
  choices: readonly AskedChoice[],
  words: readonly string[],
  to: readonly string[],
): Array<string | string[]> {
  if (to.length % 2 === 1) throw new ClaudexError('USAGE', '--to takes the number of a question and its answer.');
  const given = new Map<number, readonly string[]>(words.length > 0 ? [[1, words]] : []);
  for (let at = 0; at < to.length; at += 2) {
    const number = Number(to[at]);
    if (!choices[number - 1]) throw new ClaudexError('BAD_ANSWER', `There is no question ${to[at]}.`);
    given.set(number, [to[at + 1]!]);
  }
  return choices.map((choice, index) => {
    const answer = given.get(index + 1);
    if (!answer) throw new ClaudexError('BAD_ANSWER', `Question ${index + 1} has no answer: --to ${index + 1} "…".`);
    return answerTo(choice, answer);
  });
}

function answerTo(choice: AskedChoice, words: readonly string[]): string | string[] {
  const text = words.join(' ');
  const whole = labelOf(choice, text);
  if (whole !== undefined) return [whole];
  if (choice.multiSelect) {
    const labels = words.flatMap(
      (word) => labelOf(choice, word) ?? word.split(',').map((part) => labelOf(choice, part)),
    );
    if (labels.every((label) => label !== undefined)) return [...new Set(labels)];
  }
  // a number that is no option is a slip, not an answer
  if (/^\d+$/.test(text)) throw new ClaudexError('BAD_ANSWER', `There is no option ${text}.`);
  return text;
}

function labelOf({ options }: AskedChoice, word: string): string | undefined {
  const wanted = word.trim();
  if (/^\d+$/.test(wanted)) return options[Number(wanted) - 1]?.label;
  return options.find(({ label }) => label.toLowerCase() === wanted.toLowerCase())?.label;
}
