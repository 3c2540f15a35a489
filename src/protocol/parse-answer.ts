/** Checks an answer to a question that comes over the wire. */
import { ClaudexError } from '../errors/claudex-error.ts';
import { type AnswerRequest, answerPlaces } from './question.ts';

const maxTextChars = 10_000;

/** @throws ClaudexError BAD_REQUEST */
export function parseAnswer(value: unknown): AnswerRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('The body must be a JSON object.');
  const { decision, always, message, stop, answers, via, by } = value as Record<string, unknown>;
  const place = answerPlaces.find((one) => one === via && one !== 'terminal');
  if (!place) wrong('"via" must be one of command, board, web, mesh.');
  if (!isText(by, 200)) wrong('"by" must be a text of 1 to 200 characters.');
  const common = { via: place as AnswerRequest['via'], by: by as string };
  if (decision === 'allow') {
    if (always === undefined) return { ...common, decision };
    if (!Number.isSafeInteger(always) || (always as number) < 1) wrong('"always" must be a whole number from 1.');
    return { ...common, decision, always: always as number };
  }
  if (decision === 'deny') {
    if (message !== undefined && !isText(message, maxTextChars))
      wrong(`"message" must be a text of 1 to ${maxTextChars} characters.`);
    if (stop !== undefined && typeof stop !== 'boolean') wrong('"stop" must be true or false.');
    return {
      ...common,
      decision,
      ...(message !== undefined && { message: message as string }),
      ...(stop === true && { stop }),
    };
  }
  if (decision !== 'answer') wrong('"decision" must be one of allow, deny, answer.');
  const isAnswer = (one: unknown): one is string | string[] =>
    isText(one, maxTextChars) ||
    (Array.isArray(one) && one.length <= 100 && one.every((label) => typeof label === 'string'));
  if (!Array.isArray(answers) || answers.length > 100 || !answers.every(isAnswer)) {
    wrong('"answers" must be a list with a text, or a list of labels, for each question.');
  }
  return { ...common, decision: 'answer', answers: answers as Array<string | string[]> };
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxChars;
}

function wrong(facts: string): never {
  throw new ClaudexError('BAD_REQUEST', facts);
}
