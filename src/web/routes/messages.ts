/** Routes about messages: sending, waiting for the answer, looking, taking back. */
import { z } from '@hono/zod-openapi';
import { findTarget } from '../../protocol/find-target.ts';
import { isSettled } from '../../protocol/message.ts';
import { Answer, type RouteInput, route, type WebRoute } from '../route.ts';
import { count, duration, message, messageFields, sent } from '../schemas.ts';
import { type MessageFields, sendMessage, untilSettled } from '../send-message.ts';
import type { WebParts } from '../web-routes.ts';

/** Proxies and clients give up on what is silent for longer. */
const longestWaitMs = 600_000;
const sendErrors = ['NO_SUCH_SESSION', 'AMBIGUOUS_TARGET', 'EMPTY_MESSAGE', 'MESSAGE_TOO_LARGE', 'QUEUE_FULL'];

const waitQuery = z.strictObject({ wait: duration.optional() });

export function messageRoutes({ feed, env }: WebParts): WebRoute[] {
  return [
    route({
      method: 'post',
      path: '/messages',
      scope: 'send',
      summary: 'Send a message; with `wait=30s` the answer is the message when claude has answered it',
      query: waitQuery,
      body: z.strictObject({ target: z.string().min(1).max(4096), ...messageFields }).openapi('Send'),
      answer: z.union([sent, message]),
      status: 202,
      errors: sendErrors,
      handle: ({ body: { target, ...fields }, ...input }) => send(target, fields as MessageFields, input),
    }),
    route({
      method: 'post',
      path: '/sessions/{id}/messages',
      scope: 'send',
      summary: 'Send a message to this session; `wait=30s` as for /messages',
      query: waitQuery,
      body: z.strictObject(messageFields).openapi('SendHere'),
      answer: z.union([sent, message]),
      status: 202,
      errors: sendErrors,
      handle: ({ body, ...input }) => send(input.params.id!, body as MessageFields, input),
    }),
    route({
      method: 'get',
      path: '/messages',
      scope: 'view',
      summary: 'The messages that have not ended, and the newest `ended` ones; texts cut to 500 characters',
      query: z.strictObject({ session: z.string().max(4096).optional(), ended: count(0, 10_000) }),
      answer: z.looseObject({ messages: z.array(message) }),
      handle: async ({ query: { session, ended } }) => ({
        messages: await (await feed.client()).messages({
          ...(session !== undefined && { session: findTarget(session, await feed.sessions()).id }),
          ...(ended !== undefined && { ended }),
        }),
      }),
    }),
    route({
      method: 'get',
      path: '/messages/{id}',
      scope: 'view',
      summary: 'One message, whole',
      answer: message,
      errors: ['NO_SUCH_MESSAGE'],
      handle: async ({ params }) => (await feed.client()).message(params.id!),
    }),
    route({
      method: 'delete',
      path: '/messages/{id}',
      scope: 'send',
      summary: 'Take back a message that is still queued',
      answer: message,
      errors: ['NO_SUCH_MESSAGE', 'WRONG_STATE'],
      handle: async ({ params }) => (await feed.client()).changeMessage(params.id!, 'cancel'),
    }),
  ];

  async function send(
    target: string,
    fields: MessageFields,
    input: Omit<RouteInput<z.infer<typeof waitQuery>, unknown>, 'body'>,
  ): Promise<unknown> {
    const client = await feed.client();
    const reply = await sendMessage(client, target, fields, input);
    if (input.query.wait === undefined) return reply;
    const timeoutMs = Math.min(input.query.wait, longestWaitMs);
    const one = await untilSettled(client, reply.id, { env, timeoutMs, signal: input.signal });
    return Answer.json(one, isSettled(one.state) ? 200 : 202);
  }
}
