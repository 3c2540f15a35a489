import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once `holds` says so; it is asked again and again, and its errors count as no. Throws when it never does. */
export async function until(holds: () => Promise<boolean> | boolean, { timeoutMs = 45_000 } = {}): Promise<void> {
  let last: unknown = 'it said no';
  for (const end = Date.now() + timeoutMs; Date.now() < end; ) {
    try {
      if (await holds()) return;
      last = 'it said no';
    } catch (error) {
      last = error;
    }
    await delay(20);
  }
  throw new Error(`did not come true within ${timeoutMs} ms: ${String(last)}`);
}
