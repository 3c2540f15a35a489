/** What claude asks, as a caller of an agent is asked it, and what that caller has said. Pure. */
import type { Answer, Question } from '../../protocol/question.ts';
import { visibleText } from '../../protocol/visible-text.ts';
import { wordsToAnswers } from '../../protocol/words-to-answers.ts';

type Asked = Pick<Question, 'kind' | 'tool' | 'shown' | 'choices'>;

/** The question's text, with how to answer it. */
export function queryText({ kind, tool, shown, choices }: Asked): string {
  if (kind !== 'question')
    return `Claude asks ${kind === 'plan' ? 'whether this plan is good' : `whether ${visibleText(tool)} may run`}:\n\n${shown}\n\nAnswer "yes", or "no", or "no: " and why.`;
  const asked = choices.map(({ question, options, multiSelect }, index) => {
    const offers = options.map(
      ({ label, description }, at) => `  ${at + 1}. ${label}${description ? ` (${description})` : ''}`,
    );
    return visibleText(
      [`${index + 1}. ${question}${multiSelect ? ' (several may be chosen: 1,2)' : ''}`, ...offers].join('\n'),
    );
  });
  return `Claude asks:\n\n${asked.join('\n\n')}\n\nAnswer each question in a line of its own: a number, a label, or words of your own.`;
}

/**
 * Undefined where the words are no answer to that.
 * @throws ClaudexError BAD_ANSWER
 */
export function answerIn(words: string, { kind, choices }: Asked): Answer | undefined {
  const text = words.trim();
  if (kind === 'question') {
    const [first = '', ...more] = text.split('\n').map((line) => line.trim());
    return {
      decision: 'answer',
      answers: wordsToAnswers(
        choices,
        [first],
        more.flatMap((line, at) => [String(at + 2), line]),
      ),
    };
  }
  if (/^(y|yes|allow|approve)[.!]?$/i.test(text)) return { decision: 'allow' };
  const [, reason] = /^(?:n|no|deny)\b[\s:,.!-]*([\s\S]*)$/i.exec(text) ?? [];
  if (reason === undefined) return undefined;
  return { decision: 'deny', ...(reason !== '' && { message: reason.slice(0, 10_000) }) };
}
