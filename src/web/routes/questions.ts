/** Routes about what sessions ask a person. */
import { z } from '@hono/zod-openapi';
import { findTarget } from '../../protocol/find-target.ts';
import type { AnswerRequest } from '../../protocol/question.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { Device } from '../devices.ts';
import { route, type WebRoute } from '../route.ts';
import { answer, flag, question } from '../schemas.ts';
import type { WebParts } from '../web-routes.ts';

export function questionRoutes({ feed }: WebParts): WebRoute[] {
  return [
    route({
      method: 'get',
      path: '/questions',
      scope: 'view',
      summary: 'What sessions ask at this moment, the oldest first; with `ended=true` also what is over',
      query: z.strictObject({ session: z.string().max(4096).optional(), ended: flag }),
      answer: z.looseObject({ questions: z.array(question) }),
      handle: async ({ query: { session, ended } }) => {
        const all = await (await feed.client()).questions({ ended });
        if (session === undefined) return { questions: all };
        const { id } = findTarget(session, await feed.sessions());
        return { questions: all.filter((one) => one.session === id) };
      },
    }),
    route({
      method: 'post',
      path: '/questions/{id}/answer',
      scope: 'answer',
      summary: 'Answer a question; the first answer counts, here or in the terminal',
      body: answer,
      answer: question,
      errors: ['NO_SUCH_QUESTION', 'QUESTION_OVER', 'QUESTION_NOT_REMOTE', 'BAD_ANSWER', 'NOT_TAKEN'],
      handle: async ({ params, body, device }) => {
        const given = { ...body, via: 'web', by: answererOf(device) } as AnswerRequest;
        return (await feed.client()).answerQuestion(params.id!, given);
      },
    }),
  ];
}

/** Who answers, in words for the log. */
export function answererOf({ name, kind }: Pick<Device, 'name' | 'kind'>): string {
  return oneLine(`${kind} "${name}"`).slice(0, 100);
}
