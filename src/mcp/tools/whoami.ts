import { describeInstance, instanceOf } from '../instance.ts';
import { z } from '../sdk.ts';
import { defineTool } from '../tool.ts';

export const whoami = defineTool({
  name: 'whoami',
  description: `Says which Claude Code session you are, as the other sessions on this machine see you: your id, name and folder.

Use it when you must tell somebody how to reach you, or to find yourself in list_instances. The id stays the same through
/clear and resume; claude_session_id is that of the present conversation.
Comes back: the session, or null when this server was not started by an interactive Claude Code session.`,
  input: z.strictObject({}),
  readOnly: true,
  example: {},
  run: (_args, { withDaemon, ownSession }) =>
    withDaemon(async (client) => {
      const session = await ownSession(client);
      if (!session) {
        return {
          data: { session: null },
          text: 'This server was not started by an interactive Claude Code session, so it speaks for none.',
        };
      }
      return {
        data: { session: instanceOf(session, session.id) },
        text: `You are ${describeInstance(session)}`,
      };
    }),
});
