import { readTurn } from '../../claude/transcript/read-turns.ts';
import { redacted } from '../../history/redact.ts';
import { conversationOf, describeConversation } from '../conversation-of.ts';
import { pageOfText, parseCursor } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool } from '../tool.ts';
import { headLine, headOf, wholeTurn } from '../turn-text.ts';

export const getTurn = defineTool({
  name: 'get_turn',
  description: `Gives one turn of a session's conversation whole: the prompt, what claude said, each tool with its input and result, in order.

Use it after read_history or search_history have told which turn matters.
- id: as for read_history.
- turn_index: from 1, oldest first; -1 is the last, -2 the one before.
- redact: by default secrets are masked, and a long tool result is cut in the middle, saying how many bytes went. false gives all.
Comes back: turn (index, started_at, origin, outcome, tools) and text. A long turn comes in pages: pass next_cursor as cursor.`,
  input: z.strictObject({
    id: z.string().min(1).max(4096).describe('session: id, name, folder, or claude session id'),
    turn_index: z.int().describe('from 1; -1 is the last turn'),
    redact: z.boolean().optional().describe('false: everything as it is (default true)'),
    cursor: z.string().optional().describe('next_cursor of the page before'),
  }),
  readOnly: true,
  example: { id: 'api', turn_index: -1 },
  run: ({ id, turn_index, redact = true, cursor }, { env, withDaemon }) =>
    withDaemon(async (client) => {
      const conversation = await conversationOf(client, env, id);
      const turn = readTurn(conversation.path, turn_index, redact ? redacted : undefined);
      const { text, nextCursor } = pageOfText(wholeTurn(turn), parseCursor(cursor));
      const more = nextCursor === undefined ? '' : `\n(More: cursor "${nextCursor}".)`;
      return {
        data: {
          conversation: describeConversation(conversation),
          turn: headOf(turn),
          text,
          ...(nextCursor !== undefined && { next_cursor: nextCursor }),
        },
        text: `${headLine(headOf(turn))}\n${text}${more}`,
      };
    }),
});
