/** Who speaks: what the sender says of itself, held against what it runs below. */
import { resolve } from 'node:path';
import { sessionAsSender } from '../../protocol/attribution.ts';
import type { Sender } from '../../protocol/message.ts';
import type { SendRequest } from '../../protocol/wire.ts';
import { nameOf } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

/**
 * The sender as it goes into the message. What runs below a claude speaks as that session, whatever it calls itself and whatever
 * is in its environment; below one that nobody keeps a record of (`claude -p`), as another session. A process that has cut
 * itself loose from its parents (`setsid`, a double fork) is believed: nothing tells it from the person's.
 */
export function speakerOf(
  { sender, caller }: Pick<SendRequest, 'sender' | 'caller'>,
  registry: Pick<SessionRegistry, 'claudeAbove'>,
): Sender {
  if (caller === undefined || sender.id !== undefined) return sender;
  for (const pid of caller.pids) {
    const above = registry.claudeAbove(pid, resolve(caller.configDir));
    if (above === undefined) continue;
    const own = above === 'other' ? undefined : sessionAsSender({ ...above, name: nameOf(above) });
    // a program in a session may have a name of its own
    const label = sender.kind === 'peer' ? sender.label : (own?.label ?? 'another Claude session');
    return { ...(own ?? sender), kind: 'peer', label };
  }
  return sender;
}
