/** A person's answer to a question, in the words of `POST /api/v1/questions/{id}/answer`. */
import type { Answer, Question } from '../../../protocol/question.ts';
import { request } from '../api.ts';
import { tookQuestion } from './questions.ts';

/** @throws ApiFailure also where it was answered elsewhere meanwhile */
export async function answer(question: Question, given: Answer): Promise<void> {
  tookQuestion(await request<Question>('POST', `/questions/${encodeURIComponent(question.id)}/answer`, given));
}
