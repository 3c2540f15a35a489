/** Commands that are a person's alone: a claude session must not let itself in. */
import { isInsideClaude } from '../claude/environment.ts';
import { refuseSessionOf } from '../daemon-client/refuse-session-of.ts';
import { ClaudexError } from '../errors/claudex-error.ts';

/**
 * Held before a secret is made, or another machine is asked.
 * @throws ClaudexError NOT_BY_A_SESSION
 */
export async function refuseSession(env: NodeJS.ProcessEnv): Promise<void> {
  if (isInsideClaude((name) => Boolean(env[name]))) throw new ClaudexError('NOT_BY_A_SESSION');
  await refuseSessionOf(env, process.pid, process.ppid);
}
