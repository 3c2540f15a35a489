/** Before the claudex folder goes: the managed sessions that its hosts hold would run on where nobody finds them. */

import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../../home/paths.ts';
import { isUp } from './managed-target.ts';

/** Claude takes up to five seconds to end. */
const endsWithinMs = 10_000;

/** Ends every managed session that runs, and waits until they have ended. Their conversations stay with claude. */
export async function stopManaged(env: NodeJS.ProcessEnv): Promise<void> {
  if (!existsSync(claudexPaths(env).managed)) return;
  const client = await ensureDaemon(env);
  for (const one of (await client.managed()).filter(isUp)) {
    await client.changeManaged(one.id, 'stop?now=true');
    process.stdout.write(`${one.name ?? one.id} has been stopped.\n`);
  }
  for (let waitedMs = 0; waitedMs < endsWithinMs && (await client.managed()).some(isUp); waitedMs += 50)
    await delay(50);
}
