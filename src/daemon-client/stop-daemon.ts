/** Stopping the daemon for good: nobody brings up another until somebody needs one. */
import { lockOwner } from '../background/lock.ts';
import { claudexPaths } from '../home/paths.ts';
import { untilGone } from '../process/until-gone.ts';
import type { DaemonClient } from './client.ts';
import { connectDaemon, ensureDaemon, holdStopped } from './ensure-daemon.ts';

/**
 * Asks the daemon to stop, for as long as nobody starts it, and waits until it is gone; one that does not answer is killed. False
 * when none runs.
 */
export async function stopDaemon(env: NodeJS.ProcessEnv): Promise<boolean> {
  const client = await connectDaemon(env);
  if (!client) {
    const hung = lockOwner(claudexPaths(env).lock);
    if (!hung) return false;
    holdStopped(env);
    process.kill(hung.pid, 'SIGKILL');
    await untilGone(hung.pid);
    return true;
  }
  const { pid } = await client.status();
  holdStopped(env);
  await client.shutdown('stopped');
  await untilGone(pid);
  return true;
}

/** Another daemon in its place: hooks and sessions wait for that one, as they do when a newer version takes over. */
export async function restartDaemon(env: NodeJS.ProcessEnv): Promise<DaemonClient> {
  const client = await connectDaemon(env);
  if (client) {
    const { pid } = await client.status();
    await client.shutdown('replaced');
    await untilGone(pid);
  } else await stopDaemon(env);
  return ensureDaemon(env);
}
