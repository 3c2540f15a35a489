import { ClaudexError } from '../../errors/claudex-error.ts';
import { withDeadline } from './deadline.ts';
import type { WarmProcess } from './warm-process.ts';

/**
 * Waits until the process serves; with a warm-up prompt it has then answered that and forgotten it again.
 * @throws ClaudexError as `ready` and `turn` do
 */
export async function makeReady(
  claude: WarmProcess,
  { spawnTimeoutMs, warmupPrompt }: { spawnTimeoutMs: number; warmupPrompt: string },
): Promise<void> {
  await claude.ready(spawnTimeoutMs);
  if (warmupPrompt === '') return;
  await withDeadline(spawnTimeoutMs, [], (signal) => claude.turn(warmupPrompt, { signal }));
  const spent = await claude.recycle();
  if (spent) throw new ClaudexError('SESSION_CRASHED', `The warm-up left it unusable (${spent}).`);
}
