/** What is a person's alone, no process below a claude session may do: the rule that answers to questions have (docs/security.md). */
import { isInsideClaude } from '../claude/environment.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';
import { ancestry, environmentNames } from '../process/identity.ts';
import { connectDaemon } from './ensure-daemon.ts';

/**
 * No process from that one upwards has the environment that claude gives its own, and the daemon knows of no claude above it.
 * @throws ClaudexError NOT_BY_A_SESSION
 */
export async function refuseSessionOf(env: NodeJS.ProcessEnv, pid: number, asked = pid): Promise<void> {
  for (const one of ancestry(pid)) {
    const names = environmentNames(one);
    if (names && isInsideClaude((name) => names.has(name))) {
      throw new ClaudexError('NOT_BY_A_SESSION', `Process ${one} was started inside one.`);
    }
  }
  const client = await connectDaemon(env);
  if (!client) return;
  try {
    const { id } = await client.whoami([asked], claudeConfigDir(env));
    throw new ClaudexError('NOT_BY_A_SESSION', `This shell belongs to session ${id}.`);
  } catch (error) {
    if ((error as ClaudexError).code !== 'NOT_IN_A_SESSION') throw error;
  }
}
