import { conversationFile } from '../../claude/transcript/conversation-files.ts';
import type { SearchHit } from '../../history/scan-transcript.ts';
import { searchTranscripts } from '../../history/search.ts';
import { conversationOf, everyTranscript } from '../conversation-of.ts';
import { pageOf, parseCursor } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool, wrongArguments } from '../tool.ts';

/** Hits of one result, at most; fewer where they are long. */
const maxHits = 50;
/** How far a search can be paged. */
const maxCursor = 5000;

export const searchHistory = defineTool({
  name: 'search_history',
  description: `Searches the words of conversations: prompts, claude's answers, what tools were given and what they gave. One session, or all that
ever ran on this machine.

Use it to find where something was decided, tried or seen before ("how did we fix the flaky login test?"). Then read the turn with get_turn.
- id: as for read_history; "*" searches every conversation, the one written to last first.
- query: words as they are, or a regular expression (JavaScript syntax, matched line by line) with options.regex.
- options: regex, ignore_case (default true), context (lines before and after each hit, at most 5).
Comes back: hits with claude_session_id (give it to get_turn as id), folder, instance (the live session in that conversation, or null),
turn, at, where (prompt, answer, tool-input, tool-result, added), tool, text. At most ${maxHits} in a result; next_cursor gives more.
Secrets are masked. A pattern that takes too long is refused.`,
  input: z.strictObject({
    id: z.string().min(1).max(4096).describe('session: id, name, folder, claude session id; or "*" for all'),
    query: z.string().min(1).max(1000).describe('what to look for'),
    options: z
      .strictObject({
        regex: z.boolean().optional().describe('query is a regular expression'),
        ignore_case: z.boolean().optional().describe('default true'),
        context: z.int().min(0).max(5).optional().describe('lines before and after, default 0'),
      })
      .optional(),
    cursor: z.string().optional().describe('next_cursor of the page before'),
  }),
  readOnly: true,
  example: { id: '*', query: 'flaky login', options: { context: 1 } },
  run: ({ id, query, options = {}, cursor }, { env, signal, withDaemon }) =>
    withDaemon(async (client) => {
      const start = parseCursor(cursor);
      if (start > maxCursor) throw wrongArguments(`There are more than ${maxCursor} hits: make the query narrower.`);
      const all = await everyTranscript(client, env);
      const one = id === '*' ? undefined : conversationFile((await conversationOf(client, env, id)).path);
      const files = id === '*' ? all.files : one ? [one] : [];
      const { regex = false, ignore_case = true, context = 0 } = options;
      const hits: SearchHit[] = [];
      // one more than is shown, to know whether there are more
      const wanted = start + maxHits + 1;
      const asked = { text: query, isRegex: regex, ignoreCase: ignore_case };
      for await (const hit of searchTranscripts(files, asked, { context, maxHits: wanted, signal })) hits.push(hit);
      const rows = hits.slice(0, start + maxHits).map((hit) => ({
        claude_session_id: hit.sessionId,
        folder: hit.cwd,
        instance: all.sessions.find((session) => session.sessionId === hit.sessionId)?.id ?? null,
        turn: hit.turn,
        at: hit.at,
        where: hit.where,
        tool: hit.tool,
        text: hit.text,
        ...(context > 0 && { before: hit.before, after: hit.after }),
      }));
      const { items, nextCursor } = pageOf(rows, start);
      const next = nextCursor ?? (hits.length > rows.length ? String(rows.length) : undefined);
      const lines = items.map((row) => {
        const tool = row.tool === null ? '' : ` ${row.tool}`;
        const around = [...(row.before ?? []), row.text, ...(row.after ?? [])].join('\n  ');
        return `${row.claude_session_id} (${row.folder}) turn ${row.turn}, ${row.where}${tool}:\n  ${around}`;
      });
      if (next !== undefined) lines.push(`More: cursor "${next}".`);
      return {
        data: { searched: files.length, hits: items, ...(next !== undefined && { next_cursor: next }) },
        text: lines.length === 0 ? `Nothing found in ${files.length} conversations.` : lines.join('\n'),
      };
    }),
});
