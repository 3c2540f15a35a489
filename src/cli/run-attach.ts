/** `claudex attach` without options: without the command program its first screen is there sooner (docs/benchmarks.md). */
import { ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { attachTo } from './managed/attach-to.ts';
import { viewable } from './managed/viewable.ts';

/** Shows the session; ends as the command does. */
export async function runAttach(target: string | undefined): Promise<void> {
  try {
    const client = await ensureDaemon(process.env);
    await attachTo(client, await viewable(client, target), { readOnly: false });
  } catch (error) {
    const [{ toClaudexError }, { printError }] = await Promise.all([
      import('../errors/claudex-error.ts'),
      import('./text/print-error.ts'),
    ]);
    const known = toClaudexError(error);
    printError(known);
    process.exitCode = known.exitCode;
  }
}
