/** One signal for everything that may end a request before its answer. The first reason wins. */
import { ClaudexError } from '../../errors/claudex-error.ts';

/**
 * Runs `work` with a signal that aborts with TIMEOUT after `timeoutMs`, or with ABORTED when one of `sources` aborts. `work`
 * has to heed it.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  sources: ReadonlyArray<AbortSignal | undefined>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(new ClaudexError('ABORTED'));
  const timer = setTimeout(() => stop.abort(new ClaudexError('TIMEOUT', `It had ${timeoutMs} ms.`)), timeoutMs);
  for (const source of sources) {
    if (source?.aborted) abort();
    source?.addEventListener('abort', abort, { once: true });
  }
  try {
    return await work(stop.signal);
  } finally {
    clearTimeout(timer);
    for (const source of sources) source?.removeEventListener('abort', abort);
  }
}
