/** Routes about what was said: the turns of a session's conversation, and searching all conversations. */
import { z } from '@hono/zod-openapi';
import { conversationFile } from '../../claude/transcript/conversation-files.ts';
import { rawText, type TextShape } from '../../claude/transcript/fold-turns.ts';
import { readTurn, readTurns } from '../../claude/transcript/read-turns.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { anyConversation } from '../../history/any-conversation.ts';
import { allFiles, type Conversation, whereToLook } from '../../history/find-conversation.ts';
import { redacted } from '../../history/redact.ts';
import { searchTranscripts } from '../../history/search.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { route, type WebRoute } from '../route.ts';
import { count, flag, hit, turn } from '../schemas.ts';
import type { WebParts } from '../web-routes.ts';

const defaultTurns = 20;
const defaultHits = 100;

export function conversationRoutes({ feed, env }: WebParts): WebRoute[] {
  return [
    route({
      method: 'get',
      path: '/sessions/{id}/history',
      scope: 'view',
      summary:
        'The last turns of its conversation, the oldest first; also of one that has ended, by claude’s session id or folder',
      query: z.strictObject({ last: count(1, 1000), raw: flag }),
      answer: z.looseObject({ sessionId: z.string(), cwd: z.string().nullable(), turns: z.array(turn) }),
      errors: ['NO_SUCH_CONVERSATION', 'AMBIGUOUS_CONVERSATION', 'AMBIGUOUS_TARGET'],
      handle: async ({ params, query: { last = defaultTurns, raw } }) => {
        const { sessionId, cwd, path } = await conversationOf(params.id!);
        return { sessionId, cwd, turns: [...readTurns(path, { last, shape: shapeOf(raw) })] };
      },
    }),
    route({
      method: 'get',
      path: '/sessions/{id}/turns/{n}',
      scope: 'view',
      summary: 'One turn by its number; -1 is the last',
      query: z.strictObject({ raw: flag }),
      answer: turn,
      errors: ['NO_SUCH_CONVERSATION', 'AMBIGUOUS_CONVERSATION', 'NO_SUCH_TURN'],
      handle: async ({ params, query: { raw } }) => {
        if (!/^-?\d{1,9}$/.test(params.n!)) throw new ClaudexError('BAD_REQUEST', '"n" must be a whole number.');
        const { path } = await conversationOf(params.id!);
        return readTurn(path, Number(params.n), shapeOf(raw));
      },
    }),
    route({
      method: 'get',
      path: '/search',
      scope: 'view',
      summary: 'Search all conversations, or those of one session; the one written to last first',
      query: z.strictObject({
        q: z.string().min(1).max(1000),
        session: z.string().max(4096).optional(),
        regex: flag,
        ignoreCase: flag,
        context: count(0, 5),
        max: count(1, 1000),
      }),
      answer: z.looseObject({ searched: z.number(), hits: z.array(hit), isMore: z.boolean() }),
      errors: ['BAD_PATTERN', 'PATTERN_TOO_SLOW', 'NO_SUCH_CONVERSATION'],
      handle: async ({ query: { q, session, regex, ignoreCase, context = 0, max = defaultHits }, signal }) => {
        const where = await whereToLook(await feed.client(), claudeConfigDir(env));
        const only = session === undefined ? undefined : conversationFile((await conversationOf(session)).path);
        const files = session === undefined ? allFiles(where) : only ? [only] : [];
        const asked = { text: q, isRegex: regex, ignoreCase };
        const hits = [];
        // one more than is told, to know whether there are more
        for await (const one of searchTranscripts(files, asked, { context, maxHits: max + 1, signal })) hits.push(one);
        return { searched: files.length, hits: hits.slice(0, max), isMore: hits.length > max };
      },
    }),
  ];

  /** Of a session that is listed, or of one that is not any more. */
  async function conversationOf(target: string): Promise<Conversation> {
    const where = await whereToLook(await feed.client(), claudeConfigDir(env));
    return anyConversation(target, await feed.sessions(), where);
  }
}

function shapeOf(raw: boolean): TextShape {
  return raw ? rawText : redacted;
}
