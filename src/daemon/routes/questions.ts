/** Routes about what claude asks: what is open, and answering it. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { parseAnswer } from '../../protocol/parse-answer.ts';
import type { Question } from '../../protocol/question.ts';
import type { RouteDefinition } from '../http-server.ts';
import type { OpenQuestions } from '../questions/open-questions.ts';

export interface QuestionRoutesOptions {
  questions: OpenQuestions;
}

export function questionRoutes({ questions }: QuestionRoutesOptions): RouteDefinition[] {
  return [
    { method: 'GET', path: '/v1/questions', who: 'local', handle: ({ query }) => list(query) },
    { method: 'GET', path: '/v1/questions/:id', who: 'local', handle: ({ params }) => question(params[0]!) },
    {
      method: 'POST',
      path: '/v1/questions/:id/answer',
      who: 'local',
      handle: ({ params, body }) => questions.answer(params[0]!, parseAnswer(body)),
    },
  ];

  function list(query: URLSearchParams): { questions: Question[] } {
    const session = query.get('session');
    const all = questions.all({ ended: query.get('ended') === 'true' ? Number.POSITIVE_INFINITY : 0 });
    return { questions: session === null ? all : all.filter((one) => one.session === session) };
  }

  function question(id: string): Question {
    const found = questions.get(id);
    if (!found) throw new ClaudexError('NO_SUCH_QUESTION', `Asked for "${id.slice(0, 40)}".`);
    return found;
  }
}
