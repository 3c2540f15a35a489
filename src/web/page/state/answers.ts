/** A person's answer to a question, in the words of `POST /api/v1/questions/{id}/answer`. */
import { request } from '../api.ts';
import type { Question } from '../api-types.ts';
import { tookQuestion } from './questions.ts';

export type Answer =
  /** `always`: which of the suggestions holds from now on, from 1. */
  | { decision: 'allow'; always?: number }
  | { decision: 'deny'; message?: string; stop?: boolean }
  /** One for each question, in order: a text of one's own, or the labels that were chosen. */
  | { decision: 'answer'; answers: (string | string[])[] };

/** @throws ApiFailure also where it was answered elsewhere meanwhile */
export async function answer(question: Question, given: Answer): Promise<void> {
  const told = await request<{ question?: Question }>(
    'POST',
    `/questions/${encodeURIComponent(question.id)}/answer`,
    given,
  );
  if (told.question) tookQuestion(told.question);
}
