import { readTurns } from '../../claude/transcript/read-turns.ts';
import { indexTurns } from '../../claude/transcript/turn-index.ts';
import { redacted } from '../../history/redact.ts';
import { conversationOf, describeConversation } from '../conversation-of.ts';
import { maxPageChars, pageOf, parseCursor, preview } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool } from '../tool.ts';
import { headLine, headOf } from '../turn-text.ts';

const defaultTurns = 5;
/** How much of a prompt and of an answer the list shows. */
const promptChars = 1500;
const answerChars = 3000;

export const readHistory = defineTool({
  name: 'read_history',
  description: `Reads what was said in a Claude Code session: its last turns, oldest of them first. Works for live sessions, ended ones, and
your own (also what was said before a compaction). Changes nothing, and the session does not notice.

Use it to learn what a session works on before you disturb it, or to take up where one ended. For words anywhere in a
conversation use search_history; for everything in one turn, with what its tools gave, get_turn.
- id: a live session's id, name or folder; for an ended one its claude session id, or the folder (the last conversation there).
- last_n_turns: ${defaultTurns} by default.
- redact: secrets are masked unless it is false.
Comes back: conversation, total_turns, and turns with index, started_at, origin (person, program, peer, …), outcome (answered,
interrupted, failed, open), prompt, answer, tools used. A prompt over ${promptChars} or an answer over ${answerChars} characters is shown by its
beginning with its whole length. When not all turns fit, next_cursor gives the following ones.`,
  input: z.strictObject({
    id: z.string().min(1).max(4096).describe('session: id, name, folder, or claude session id'),
    last_n_turns: z.int().min(1).max(1000).optional().describe(`how many turns (default ${defaultTurns})`),
    redact: z.boolean().optional().describe('false: show secrets as they are (default true)'),
    cursor: z.string().optional().describe('next_cursor of the page before'),
  }),
  readOnly: true,
  example: { id: 'api', last_n_turns: 3 },
  run: ({ id, last_n_turns = defaultTurns, redact = true, cursor }, { env, withDaemon }) =>
    withDaemon(async (client) => {
      const conversation = await conversationOf(client, env, id);
      const total = indexTurns(conversation.path).length;
      // a cursor is the index of a turn: it stays right when more turns come
      const first = cursor === undefined ? Math.max(1, total - last_n_turns + 1) : parseCursor(cursor);
      const turns = readTurns(conversation.path, {
        last: Math.max(0, total - first + 1),
        ...(redact && { shape: redacted }),
      });
      const rows = [];
      let chars = 0;
      for (const turn of turns) {
        const prompt = preview(turn.prompt, promptChars);
        rows.push({ ...headOf(turn), prompt, answer: preview(turn.answer, answerChars) });
        chars += JSON.stringify(rows.at(-1)).length;
        if (chars > maxPageChars) break;
      }
      const { items } = pageOf(rows, 0);
      const next = first + items.length;
      const isMore = next <= total;
      const texts = items.map((one) => {
        const tools = one.tools === '' ? '' : `\nTools: ${one.tools}`;
        return `${headLine(one)}\nPrompt: ${one.prompt}${tools}\nAnswer: ${one.answer}`;
      });
      if (isMore) texts.push(`More: cursor "${next}".`);
      return {
        data: {
          conversation: describeConversation(conversation),
          total_turns: total,
          turns: items,
          ...(isMore && { next_cursor: String(next) }),
        },
        text: texts.length === 0 ? 'Nothing was said there yet.' : texts.join('\n\n'),
      };
    }),
});
