import { describeInstance, instanceOf } from '../instance.ts';
import { pageOf, parseCursor } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool } from '../tool.ts';

export const listInstances = defineTool({
  name: 'list_instances',
  description: `Lists every interactive Claude Code session that runs on this machine: who could take work or be read.

Use it before send_message, read_history or search_history to find whom you mean: they take the id, the name (the folder's
basename, any case) or the folder's path. These are sessions in other terminals, started by the person; they are not
subagents of yours, and Claude Code's own SendMessage/ListAgents does not know them.
Comes back: instances with id, name, folder, state (idle: takes a message at once; busy: after its turn; waiting: a person must
answer a dialog there first; starting), is_you, takes_messages, pending. Long lists come in pages: pass next_cursor as cursor.`,
  input: z.strictObject({
    cursor: z.string().optional().describe('next_cursor of the page before'),
  }),
  readOnly: true,
  example: {},
  run: ({ cursor }, { withDaemon, ownSession }) =>
    withDaemon(async (client) => {
      const own = await ownSession(client);
      const sessions = (await client.sessions()).sort((a, b) => a.cwd.localeCompare(b.cwd) || a.id.localeCompare(b.id));
      const { items, nextCursor } = pageOf(sessions, parseCursor(cursor));
      const lines = items.map((one) => `${describeInstance(one)}${one.id === own?.id ? ' (you)' : ''}`);
      if (nextCursor !== undefined) lines.push(`More: cursor "${nextCursor}".`);
      return {
        data: {
          instances: items.map((one) => instanceOf(one, own?.id)),
          total: sessions.length,
          ...(nextCursor !== undefined && { next_cursor: nextCursor }),
        },
        text: lines.length === 0 ? 'No session runs.' : lines.join('\n'),
      };
    }),
});
