/** Stopping a managed session at once. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import { isUp } from './managed-target.ts';

/** Resolves once its claude has ended: what a script does next finds it stopped. */
export async function stopNow(client: DaemonClient, id: string): Promise<ManagedRecord> {
  const events = await client.events();
  try {
    const asked = await client.changeManaged(id, 'stop?now=true');
    if (!isUp(asked)) return asked;
    for await (const event of events) {
      if (event.type === 'managed' && event.managed.id === id && !isUp(event.managed)) return event.managed;
    }
    return asked; // the daemon went; the next one carries on with the stop
  } finally {
    events.close();
  }
}
