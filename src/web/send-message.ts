/** A message from a device: who speaks, and waiting for the answer where that is asked for. */
import { hostname } from 'node:os';
import type { DaemonClient } from '../daemon-client/client.ts';
import { followMessage } from '../daemon-client/follow-message.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { Message, Sender } from '../protocol/message.ts';
import { oneLine, sanitiseBody } from '../protocol/sanitise.ts';
import type { SendReply, SendRequest } from '../protocol/wire.ts';
import type { Device } from './devices.ts';
import type { RouteInput } from './route.ts';

export type MessageFields = Pick<SendRequest, 'body'> &
  Partial<Pick<SendRequest, 'kind' | 'when' | 'replyTo' | 'delayMs' | 'notBefore' | 'expiresAt'>>;

/** A device that may send speaks as the person who let it in. */
export function senderOf({ name, kind }: Pick<Device, 'name' | 'kind'>): Sender {
  const place = kind === 'browser' ? 'the user in a browser' : 'the user through';
  return { kind: 'user', label: oneLine(`${place} (${name}) on ${hostname()}`).slice(0, 200) };
}

/**
 * The daemon has it on disk when this resolves. The device's key is the message's, so that it outlives this process.
 * @throws ClaudexError KEY_USED where the key was another message's, and those of the daemon
 */
export async function sendMessage(
  client: DaemonClient,
  target: string,
  fields: MessageFields,
  { device, idempotencyKey }: Pick<RouteInput<unknown, unknown>, 'device' | 'idempotencyKey'>,
): Promise<SendReply> {
  const reply = await client.send({
    kind: 'task',
    when: 'idle',
    ...fields,
    target,
    hold: target.startsWith('/'),
    sender: senderOf(device),
    ...(idempotencyKey !== undefined && { key: `web ${device.id} ${idempotencyKey}` }),
  });
  if (reply.repeated && (await client.message(reply.id)).body !== sanitiseBody(fields.body)) {
    throw new ClaudexError('KEY_USED', 'The text is another one.');
  }
  return reply;
}

/** The message once claude has answered, or as it is when the time is over or it has failed. */
export async function untilSettled(
  client: DaemonClient,
  id: string,
  options: { env: NodeJS.ProcessEnv; timeoutMs: number; signal: AbortSignal },
): Promise<Message> {
  try {
    return await followMessage(client, id, { ...options, failOnPermission: false, onProgress: () => undefined });
  } catch (error) {
    const { code } = error as ClaudexError;
    if (!['WAIT_TIMED_OUT', 'MESSAGE_FAILED', 'MESSAGE_STUCK'].includes(code)) throw error;
    return client.message(id);
  }
}
