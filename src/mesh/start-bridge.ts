/** Starts the bridge where this machine is in a mesh and none runs. Loads nothing of NATS. */
import { lockOwner } from '../background/lock.ts';
import { startBackground } from '../background/start.ts';
import { claudexPaths } from '../home/paths.ts';
import { hasJoined, meshPaths } from './mesh-files.ts';

/** Safe from many processes at once: the bridge's lock lets one win. @throws ClaudexError BRIDGE_START_FAILED */
export async function ensureBridge(env: NodeJS.ProcessEnv): Promise<void> {
  if (!hasJoined(env) || bridgeRuns(env)) return;
  const { home } = claudexPaths(env);
  await startBackground({
    words: ['mesh', 'bridge'],
    // without the first, two hundred machines that tell things grow it by 40 MB; without the second, by 5 (docs/benchmarks.md)
    nodeOptions: ['--max-semi-space-size=1', '--optimize-for-size'],
    home,
    env,
    errorLog: `${meshPaths(env).bridgeLog}.stderr`,
    failedAs: 'BRIDGE_START_FAILED',
  });
}

export function bridgeRuns(env: NodeJS.ProcessEnv): boolean {
  return lockOwner(meshPaths(env).bridgeLock) !== undefined;
}
