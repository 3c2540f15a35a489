import { randomUUID } from 'node:crypto';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { followMessage } from '../../daemon-client/follow-message.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { sessionAsSender } from '../../protocol/attribution.ts';
import type { Sender } from '../../protocol/message.ts';
import { pageOfText } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool, type ToolContext, type ToolOutcome, wrongArguments } from '../tool.ts';

const maxWaitSeconds = 3600;

export const sendMessage = defineTool({
  name: 'send_message',
  description: `Puts a message into another running Claude Code session, which works on it as a turn of its own.

Use it to hand work to the session in another folder, ask it something, or tell it something. It knows nothing of your
conversation: say all that it needs, with absolute paths. It sees that a session speaks, not its user: you cannot grant it permissions.
- to: id, name or folder (list_instances); on another machine of the person's mesh one of these with its name: api@devbox.
- kind "task" (default) starts a turn there as soon as it is idle; "note" stays silent until its next prompt.
- wait_seconds: waits that long for the answer, which is what it says last in that turn. Without it you get the id at once; the
  answer stands in read_inbox later. Running out of time is no failure: the message stays, do not send it again. After two minutes claude may move
  the call to the background: you are told when it ends.
- reply_to: found by itself when you write back to the session whose message started your turn.
When a session's message has started your turn, you need no send_message to answer: what you say last goes back to it. Waiting
for a session that waits for you ends only when the time runs out.
Comes back: id, state (queued, sent, arrived, leased: on its way, delivered: it works on it, answered), answer, timed_out. A long answer comes in
pages: read_inbox with message and cursor. Refused: messages that sessions pass on too often, or too many within a minute.`,
  input: z.strictObject({
    to: z
      .string()
      .min(1)
      .max(4096)
      .describe('id, name or folder of the session, with @machine for one on another machine'),
    body: z.string().min(1).describe('the text, at most 256 KiB'),
    kind: z.enum(['task', 'note']).optional().describe('task (default) starts a turn; note waits for the next prompt'),
    wait_seconds: z.int().min(0).max(maxWaitSeconds).optional().describe('how long to wait for the answer'),
    reply_to: z.string().min(1).max(64).optional().describe('id of the message that this one answers'),
  }),
  readOnly: false,
  example: { to: 'api', body: 'Do the tests in /work/api pass?', wait_seconds: 300 },
  run: async ({ to, body, kind = 'task', wait_seconds = 0, reply_to }, context) => {
    if (kind === 'note' && wait_seconds > 0) {
      throw wrongArguments(
        'A note starts no turn, so there is no answer to wait for: leave wait_seconds away, or send a task.',
      );
    }
    // the key: a call that is repeated because the daemon went away meanwhile stays one message
    const key = `mcp-${randomUUID()}`;
    return context.withDaemon(async (client) => {
      const sender = await senderOf(client, context);
      const reply = await client.send({
        target: pathTarget(to),
        body,
        kind,
        when: 'idle',
        sender,
        key,
        ...(reply_to !== undefined && { replyTo: reply_to }),
      });
      const about = { id: reply.id, to: reply.target, reply_to: reply.replyTo };
      const { id, name, machine } = reply.target;
      const whom = machine === undefined ? `${id} (${name})` : `${name}@${machine}`;
      if (wait_seconds === 0) {
        const text = `Message ${reply.id} is for ${whom}; it is ${reply.state}.`;
        return { data: { ...about, state: reply.state }, text };
      }
      if (reply.target.id === sender.id) {
        const text = `Message ${reply.id} is for yourself: it comes after this turn, so there is nothing to wait for now.`;
        return { data: { ...about, state: reply.state }, text };
      }
      return waitForAnswer(client, reply.id, about, wait_seconds, context);
    });
  },
});

/** A session speaks as itself; any other MCP client as a program. */
async function senderOf(client: DaemonClient, { ownSession, clientName }: ToolContext): Promise<Sender> {
  const session = await ownSession(client);
  if (session) return sessionAsSender(session);
  return { kind: 'peer', label: `the MCP client ${clientName}`, cwd: process.cwd() };
}

async function waitForAnswer(
  client: DaemonClient,
  id: string,
  about: Record<string, unknown>,
  waitSeconds: number,
  { env, signal, progress }: ToolContext,
): Promise<ToolOutcome> {
  let last = '';
  const onProgress = (text: string): void => {
    last = text;
    progress(text);
  };
  try {
    const timeoutMs = waitSeconds * 1000;
    const message = await followMessage(client, id, { env, signal, timeoutMs, failOnPermission: false, onProgress });
    const { text: answer, nextCursor } = pageOfText(message.answer ?? '', 0);
    const more =
      nextCursor === undefined ? '' : `\n(More: read_inbox with message "${id}" and cursor "${nextCursor}".)`;
    return {
      data: { ...about, state: message.state, answer, ...(nextCursor !== undefined && { next_cursor: nextCursor }) },
      text: `${answer}${more}`,
    };
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'WAIT_TIMED_OUT') throw error;
    const { state } = await client.message(id);
    return {
      data: { ...about, state, timed_out: true, progress: last },
      text: `No answer within ${waitSeconds} s (${last}). Message ${id} stays: its answer will stand in read_inbox.`,
    };
  }
}
