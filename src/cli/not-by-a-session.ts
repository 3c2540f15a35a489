/** Commands that are a person's alone: a claude session must not let itself in. */
import { connectDaemon } from '../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';

/**
 * Throws where this command runs below a claude: its environment says so, or the daemon finds one among its parents.
 * @throws ClaudexError NOT_BY_A_SESSION
 */
export async function refuseSession(env: NodeJS.ProcessEnv): Promise<void> {
  if (env.CLAUDECODE || env.CLAUDE_CODE_SESSION_ID) throw new ClaudexError('NOT_BY_A_SESSION');
  const client = await connectDaemon(env);
  if (!client) return;
  try {
    const { id } = await client.whoami([process.ppid], claudeConfigDir(env));
    throw new ClaudexError('NOT_BY_A_SESSION', `This shell belongs to session ${id}.`);
  } catch (error) {
    if ((error as ClaudexError).code !== 'NOT_IN_A_SESSION') throw error;
  }
}
