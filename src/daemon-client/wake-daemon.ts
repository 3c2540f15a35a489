/** `claudex daemon wake`: what a hook runs in the background when it finds no daemon. Says nothing to anybody. */
import { lockOwner } from '../background/lock.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensureDaemon } from './ensure-daemon.ts';

/** Starts the daemon unless one runs or is about to: of many sessions that begin at once, most end here. Never throws. */
export async function wakeDaemon(env: NodeJS.ProcessEnv): Promise<void> {
  if (lockOwner(claudexPaths(env).lock)) return;
  try {
    await ensureDaemon(env);
  } catch {
    // whoever runs a command is told; here nobody listens
  }
}
