/** Starts the worker where none listens. Safe from many shells at once: its lock lets one win, the others ask that one. */
import { startBackground } from '../../background/start.ts';
import { claudexPaths } from '../../home/paths.ts';
import { asHomeError, ensurePrivateDir } from '../../home/private-folder.ts';

/**
 * Resolves when a worker listens, this one or another that was quicker.
 * @throws ClaudexError WORKER_START_FAILED, HOME_NOT_PRIVATE, HOME_UNWRITABLE, or what else kept the worker from starting
 */
export async function startWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const { home, warm, warmLog } = claudexPaths(env);
  try {
    for (const dir of [home, warm]) ensurePrivateDir(dir);
  } catch (error) {
    throw asHomeError(error, home);
  }
  await startBackground({
    words: ['warm', 'run'],
    home,
    env,
    errorLog: `${warmLog}.stderr`,
    failedAs: 'WORKER_START_FAILED',
  });
}
