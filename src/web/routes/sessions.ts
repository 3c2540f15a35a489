/** Routes about sessions: which there are, starting and ending them, what is on their screens. */
import { realpathSync, statSync } from 'node:fs';
import { z } from '@hono/zod-openapi';
import { conversationChoice } from '../../claude/command-line/conversation-arguments.ts';
import { opensSession } from '../../claude/command-line/invocation.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import type { AnySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { detachAll, readScreen } from '../../host-client/host-connection.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { Answer, type RouteInput, route, type WebRoute } from '../route.ts';
import { count, flag, session, startRequest } from '../schemas.ts';
import { sendMessage } from '../send-message.ts';
import { viewerSocket } from '../viewer-socket.ts';
import type { WebParts } from '../web-routes.ts';

const maxScreenLines = 5000;
const one = z.looseObject({ session });

export function sessionRoutes({ feed, env }: WebParts): WebRoute[] {
  return [
    route({
      method: 'get',
      path: '/sessions',
      scope: 'view',
      summary: 'Every session: those that run, and managed ones that do not',
      answer: z.looseObject({ sessions: z.array(session) }),
      handle: async () => new Answer(200, await feed.listJson(), { 'content-type': 'application/json' }),
    }),
    route({
      method: 'post',
      path: '/sessions',
      scope: 'manage',
      summary: 'Start a managed session; `task` is its first message',
      body: startRequest,
      answer: one,
      status: 201,
      errors: [
        'NO_SUCH_FOLDER',
        'MANAGED_EXISTS',
        'NAME_TAKEN',
        'BAD_NAME',
        'SESSIONS_FULL',
        'CONVERSATION_OPEN',
        'HOST_START_FAILED',
      ],
      handle: start,
    }),
    route({
      method: 'get',
      path: '/sessions/{id}',
      scope: 'view',
      summary: 'One session, by its id or its name',
      answer: one,
      errors: ['NO_SUCH_SESSION', 'AMBIGUOUS_TARGET'],
      handle: async ({ params }) => ({ session: await named(params) }),
    }),
    route({
      method: 'delete',
      path: '/sessions/{id}',
      scope: 'manage',
      summary: 'Take a managed session that does not run off the list; its conversation stays with claude',
      answer: z.looseObject({}),
      errors: ['NO_SUCH_MANAGED', 'SESSION_RUNS'],
      handle: async ({ params }) => {
        await change(params, 'forget');
        return {};
      },
    }),
    route({
      method: 'post',
      path: '/sessions/{id}/resume',
      scope: 'manage',
      summary: 'Start a managed session again, with its conversation',
      answer: one,
      errors: ['NO_SUCH_MANAGED', 'SESSION_RUNS', 'SESSIONS_FULL', 'CONVERSATION_OPEN', 'HOST_START_FAILED'],
      handle: ({ params }) => changed(params, 'resume'),
    }),
    route({
      method: 'post',
      path: '/sessions/{id}/stop',
      scope: 'manage',
      summary: 'Stop a managed session after its turn; `now=true` at once',
      query: z.strictObject({ now: flag }),
      answer: one,
      errors: ['NO_SUCH_MANAGED', 'NOT_RUNNING'],
      handle: ({ params, query }) => changed(params, query.now ? 'stop?now=true' : 'stop'),
    }),
    route({
      method: 'post',
      path: '/sessions/{id}/restart',
      scope: 'manage',
      summary: 'End a managed session at once and resume it',
      answer: one,
      errors: ['NO_SUCH_MANAGED', 'SESSIONS_FULL', 'HOST_START_FAILED'],
      handle: ({ params }) => changed(params, 'restart'),
    }),
    route({
      method: 'post',
      path: '/sessions/{id}/detach',
      scope: 'manage',
      summary: 'Let everybody go who is attached to it, and a terminal of its own; the session runs on',
      answer: one,
      errors: ['NO_SUCH_SESSION', 'NOT_RUNNING', 'NOT_ATTACHABLE', 'HOST_UNREACHABLE'],
      handle: async ({ params }) => {
        const found = await named(params);
        if (feed.managed(found.id)) await detachAll(await viewerSocket(feed, found));
        else await (await feed.client()).handOver(found.id);
        await feed.readManaged();
        return { session: await named({ id: found.id }) };
      },
    }),
    route({
      method: 'get',
      path: '/sessions/{id}/screen',
      scope: 'view',
      summary: 'What is on its screen, as text; `lines` with what has scrolled out above, `ansi` in colours',
      query: z.strictObject({ lines: count(1, maxScreenLines), ansi: flag }),
      answer: z.looseObject({ text: z.string() }),
      errors: ['NO_SUCH_SESSION', 'NOT_RUNNING', 'NOT_ATTACHABLE', 'HOST_UNREACHABLE'],
      handle: async ({ params, query: { lines, ansi } }) => {
        const socket = await viewerSocket(feed, await named(params));
        return { text: await readScreen(socket, { ansi, ...(lines !== undefined && { lines }) }) };
      },
    }),
  ];

  async function named(params: Record<string, string>): Promise<AnySession> {
    return findTarget(params.id!, await feed.sessions());
  }

  async function change(
    params: Record<string, string>,
    what: 'resume' | 'restart' | 'stop' | 'stop?now=true' | 'forget',
  ): Promise<AnySession> {
    const found = await named(params);
    await (await feed.client()).changeManaged(found.id, what);
    await feed.readManaged();
    return found;
  }

  async function changed(
    params: Record<string, string>,
    what: Parameters<typeof change>[1],
  ): Promise<{ session: AnySession }> {
    const { id } = await change(params, what);
    return { session: findTarget(id, await feed.sessions()) };
  }

  async function start(input: RouteInput<unknown, z.infer<typeof startRequest>>): Promise<{ session: AnySession }> {
    const { task, args = [], keepWarm = false, restart = 'crash', name, idleTimeoutMs } = input.body;
    const cwd = folderOf(input.body.cwd);
    if (!opensSession(args)) throw new ClaudexError('BAD_REQUEST', `With ${args.join(' ')} claude opens no session.`);
    const client = await feed.client();
    const { id } = await client.startManaged({
      cwd,
      args,
      env: environmentForClaude(env),
      claudeSessionId: conversationChoice(args).id,
      keepWarm,
      restart,
      ...(name !== undefined && { name }),
      ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    });
    if (task !== undefined) await sendMessage(client, id, { body: task }, input);
    await feed.readManaged();
    return { session: findTarget(id, await feed.sessions()) };
  }
}

/** @throws ClaudexError NO_SUCH_FOLDER */
function folderOf(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch {
    // not there, or not ours to look at
  }
  throw new ClaudexError('NO_SUCH_FOLDER', `Asked for ${path.slice(0, 200)}.`);
}
