/** Commands that are a person's alone: a claude session must not let itself in. */
import { isInsideClaude } from '../claude/environment.ts';
import { connectDaemon } from '../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';
import { ancestry, environmentNames } from '../process/identity.ts';

/**
 * The rule that answers to questions have (docs/security.md), held before a secret is made: no process above us has the environment
 * that claude gives its own, and the daemon knows of no claude above us.
 * @throws ClaudexError NOT_BY_A_SESSION
 */
export async function refuseSession(env: NodeJS.ProcessEnv): Promise<void> {
  if (isInsideClaude((name) => Boolean(env[name]))) throw new ClaudexError('NOT_BY_A_SESSION');
  for (const pid of ancestry(process.pid)) {
    const names = environmentNames(pid);
    if (names && isInsideClaude((name) => names.has(name))) {
      throw new ClaudexError('NOT_BY_A_SESSION', `Process ${pid} was started inside one.`);
    }
  }
  const client = await connectDaemon(env);
  if (!client) return;
  try {
    const { id } = await client.whoami([process.ppid], claudeConfigDir(env));
    throw new ClaudexError('NOT_BY_A_SESSION', `This shell belongs to session ${id}.`);
  } catch (error) {
    if ((error as ClaudexError).code !== 'NOT_IN_A_SESSION') throw error;
  }
}
