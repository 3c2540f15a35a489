/** The stream that keeps mail between machines, and each machine's place in it. */
import {
  AckPolicy,
  type Consumer,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { asMeshError } from './connect.ts';
import { mailStream } from './server-config.ts';

const dayMs = 24 * 3600 * 1000;

/**
 * Mail that a machine has not fetched in that time is no more; its sender still has it, and sends it again. Older mail is refused: ended
 * messages are known by their ids for seven days.
 */
export const keptInStreamMs = 6 * dayMs;

/** What is not acknowledged in that time comes again. */
const ackWaitMs = 30_000;

/**
 * Makes the stream where there is none and that is allowed. What does not fit is refused to its sender, never dropped.
 * @throws ClaudexError MESH_NO_JETSTREAM, MESH_REFUSED, MESH_UNREACHABLE
 */
export async function openMailStream(connection: NatsConnection, url: string): Promise<void> {
  try {
    const { streams } = await jetstreamManager(connection);
    try {
      await streams.info(mailStream);
    } catch (error) {
      if (!/not found/i.test(String(error))) throw error;
      await streams.add({
        name: mailStream,
        description: 'mail between the machines of a claudex mesh',
        subjects: ['claudex.mail.>'],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        discard_new_per_subject: true,
        max_msgs_per_subject: 2048,
        max_bytes: 512 << 20,
        max_msg_size: 1 << 20,
        max_age: nanos(keptInStreamMs),
        duplicate_window: nanos(120_000),
      });
    }
  } catch (error) {
    throw asMeshError(error, url);
  }
}

/** This machine's own consumer, made anew where it is gone. @throws ClaudexError as openMailStream */
export async function openOwnMail(connection: NatsConnection, name: string, url: string): Promise<Consumer> {
  try {
    const { consumers } = await jetstreamManager(connection);
    await consumers.add(mailStream, {
      durable_name: name,
      filter_subject: `claudex.mail.${name}.>`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: 512,
    });
    return await jetstream(connection).consumers.get(mailStream, name);
  } catch (error) {
    throw asMeshError(error, url);
  }
}

/** Takes what lies there from and for a machine that is let in no more: it keeps its room from nobody. */
export async function dropMailOf(connection: NatsConnection, name: string): Promise<void> {
  const { streams, consumers } = await jetstreamManager(connection);
  try {
    for (const filter of [`claudex.mail.*.${name}`, `claudex.mail.${name}.*`])
      await streams.purge(mailStream, { filter });
    await consumers.delete(mailStream, name);
  } catch (error) {
    if (!/not found/i.test(String(error))) throw error;
  }
}
