/** Who speaks when this command sends: the user at a shell, or the session this shell runs in. */
import { hostname } from 'node:os';
import type { DaemonClient } from '../daemon-client/client.ts';
import { ClaudexError } from '../errors.ts';
import { claudeConfigDir } from '../paths.ts';
import type { Sender } from '../protocol/message.ts';
import { shortPath } from './render.ts';

/**
 * A shell inside a session (claude's Bash tool, a hook) speaks as that session, a peer; so does `--from`.
 * Everything else is the user.
 */
export async function senderOf(
  client: DaemonClient,
  env: NodeJS.ProcessEnv,
  from: string | undefined,
): Promise<Sender> {
  if (from !== undefined) return { kind: 'peer', label: from };
  if (env.CLAUDECODE || env.CLAUDE_CODE_SESSION_ID) {
    try {
      const session = await client.whoami([process.ppid], claudeConfigDir(env));
      return { kind: 'peer', label: `session ${session.id} (${session.name})` };
    } catch (error) {
      if (!(error instanceof ClaudexError) || error.code !== 'NOT_IN_A_SESSION') throw error;
      return { kind: 'peer', label: 'another Claude session' };
    }
  }
  return { kind: 'user', label: `the user’s shell in ${shortPath(process.cwd())} on ${hostname()}` };
}
