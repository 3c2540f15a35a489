/** Where a message is that was just sent. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { untilArrived } from '../../daemon-client/until-arrived.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { SendReply } from '../../protocol/wire.ts';

/**
 * A machine that is there says at once whether it takes a message. What it does not take is an error here, as it would be there. One that
 * is known to be away is not waited for.
 */
export async function firstWord(
  client: DaemonClient,
  reply: SendReply,
  { isJson, isAway }: { isJson: boolean; isAway: (machine: string) => boolean },
): Promise<SendReply> {
  if (reply.target.machine === undefined || isAway(reply.target.machine)) return reply;
  const message = await untilArrived(client, reply.id);
  if (message.state === 'failed' && !isJson) {
    throw new ClaudexError('MESSAGE_FAILED', `Message ${message.id}: ${(message.reason ?? '').replace(/\.$/, '')}.`);
  }
  return { ...reply, state: message.state, target: message.recipient };
}

/** In words. */
export function whereIs({ state, route, target }: SendReply): string {
  const { name, id, cwd, machine } = target;
  if (machine === undefined) return `${route ? `delivering by ${route}` : 'queued'} for ${name} (${id ?? cwd})`;
  if (state === 'queued' || state === 'sent') return `on its way to ${machine}, for ${name}`;
  return `at ${machine}, for ${name} (${cwd})`;
}
