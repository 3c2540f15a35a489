/** The route about tokens and cost. */
import { z } from '@hono/zod-openapi';
import { conversationFile } from '../../claude/transcript/conversation-files.ts';
import { allFiles, findConversation, whereToLook } from '../../history/find-conversation.ts';
import { UsageReader } from '../../history/usage.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { route, type WebRoute } from '../route.ts';
import { duration, usageReport } from '../schemas.ts';
import type { WebParts } from '../web-routes.ts';

const defaultSinceMs = 7 * 86_400_000;

export function usageRoutes({ feed, env }: WebParts): WebRoute[] {
  /** Kept: the next question reads only what has come since. */
  const reader = new UsageReader();
  return [
    route({
      method: 'get',
      path: '/usage',
      scope: 'view',
      summary: 'Tokens by day and session, and their cost where claude has written it down; of one session each turn',
      query: z.strictObject({ since: duration.optional(), session: z.string().max(4096).optional() }),
      answer: usageReport,
      errors: ['NO_SUCH_CONVERSATION', 'AMBIGUOUS_CONVERSATION'],
      handle: async ({ query: { since = defaultSinceMs, session } }) => {
        const where = await whereToLook(await feed.client(), claudeConfigDir(env));
        const one = session === undefined ? undefined : conversationFile(findConversation(session, where).path);
        const sinceMs = session === undefined ? Date.now() - since : 0;
        const files = session === undefined ? allFiles(where) : one ? [one] : [];
        await reader.read(files, sinceMs);
        const names = new Map(where.names.map(({ alias, sessionId }) => [sessionId, alias]));
        const report = reader.report(sinceMs, new Set(files.map(({ sessionId }) => sessionId)));
        return {
          ...report,
          sessions: report.sessions.map((sum) => ({ name: names.get(sum.sessionId), ...sum })),
          ...(one && { turns: reader.turns(one) }),
        };
      },
    }),
  ];
}
