/** What a hook is to print for an answer, checked against what was asked. */
import {
  allowReply,
  answersReply,
  askedChoices,
  denyReply,
  type PermissionRequest,
  questionKind,
  suggestionText,
} from '../../claude/hooks/permission.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Answer, AnswerRequest } from '../../protocol/question.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import type { AnswerGiven } from './live-question.ts';

/** Claude reads it as the result of its call. */
const defaultDenial = 'The user does not want this. Ask what they want instead.';

/** @throws ClaudexError BAD_ANSWER */
export function replyFor(request: PermissionRequest, answer: Answer): string {
  if (answer.decision === 'deny') return denyReply(answer.message ?? defaultDenial, answer.stop === true);
  const isQuestion = questionKind(request.tool) === 'question';
  if (answer.decision === 'allow') {
    if (isQuestion) throw new ClaudexError('BAD_ANSWER', 'It asks a question, which is answered and not approved.');
    return allowReply(request.input, alwaysOf(request, answer.always));
  }
  if (!isQuestion) throw new ClaudexError('BAD_ANSWER', 'It asks for a yes or a no.');
  return answersReply(request, checkedAnswers(request, answer.answers));
}

/** Who has answered what, for the record. */
export function givenBy(answer: AnswerRequest, { suggestions }: PermissionRequest): AnswerGiven {
  const { by, via, decision } = answer;
  const always = decision === 'allow' && answer.always !== undefined ? suggestions[answer.always - 1] : undefined;
  return {
    decision: decision === 'deny' ? 'deny' : 'allow',
    by: visibleLine(by),
    via,
    always: always === undefined ? null : visibleLine(suggestionText(always)),
  };
}

function alwaysOf({ suggestions }: PermissionRequest, always: number | undefined): unknown {
  if (always === undefined) return undefined;
  const suggestion = suggestions[always - 1];
  if (suggestion !== undefined) return suggestion;
  const offers = suggestions.length === 0 ? 'claude offers none' : `claude offers 1 to ${suggestions.length}`;
  throw new ClaudexError('BAD_ANSWER', `There is no "always" of number ${always}: ${offers}.`);
}

function checkedAnswers(
  request: PermissionRequest,
  answers: ReadonlyArray<string | string[]>,
): Array<string | string[]> {
  const choices = askedChoices(request);
  if (answers.length !== choices.length) {
    throw new ClaudexError('BAD_ANSWER', `It asks ${choices.length} questions, and that answers ${answers.length}.`);
  }
  return choices.map(({ multiSelect, options }, index) => {
    const answer = answers[index]!;
    if (typeof answer === 'string') {
      if (answer.trim() === '') throw new ClaudexError('BAD_ANSWER', `Question ${index + 1} has no answer.`);
      return answer;
    }
    const unknown = answer.find((label) => !options.some((option) => option.label === label));
    if (unknown !== undefined)
      throw new ClaudexError('BAD_ANSWER', `Question ${index + 1} has no option "${unknown}".`);
    if (answer.length === 0 || (answer.length > 1 && !multiSelect)) {
      throw new ClaudexError(
        'BAD_ANSWER',
        `Question ${index + 1} takes ${multiSelect ? 'one option or more' : 'one option'}.`,
      );
    }
    return answer;
  });
}
