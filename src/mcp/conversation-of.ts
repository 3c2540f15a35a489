/** The conversation that a tool's `id` names. */
import type { DaemonClient } from '../daemon-client/client.ts';
import { pathTarget } from '../daemon-client/path-target.ts';
import { allFiles, type Conversation, findConversation, whereToLook } from '../history/find-conversation.ts';
import { claudeConfigDir } from '../home/paths.ts';

/** @throws ClaudexError NO_SUCH_CONVERSATION, AMBIGUOUS_CONVERSATION, AMBIGUOUS_TARGET */
export async function conversationOf(client: DaemonClient, env: NodeJS.ProcessEnv, id: string): Promise<Conversation> {
  return findConversation(pathTarget(id), await whereToLook(client, claudeConfigDir(env)));
}

/** What the tools say of it. */
export function describeConversation(conversation: Conversation): Record<string, unknown> {
  return {
    claude_session_id: conversation.sessionId,
    folder: conversation.cwd,
    instance: conversation.live?.id ?? null,
  };
}

/** Every transcript, the one written to last first, with the instance that is in it now. */
export async function everyTranscript(client: DaemonClient, env: NodeJS.ProcessEnv) {
  const where = await whereToLook(client, claudeConfigDir(env));
  return { files: allFiles(where), sessions: where.sessions };
}
