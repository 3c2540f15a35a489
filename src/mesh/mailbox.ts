/**
 * Each machine's mailbox at the server: a stream of what the others have sent it, and its own place in that. It holds so much of each
 * sender and no more: who floods it is refused, and everybody else still gets in.
 */
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { ClaudexError } from '../errors/claudex-error.ts';
import { asMeshError } from './connect.ts';
import { mailSubject } from './envelope.ts';
import { mailboxOf } from './server-config.ts';

const dayMs = 24 * 3600 * 1000;

/**
 * Mail that a machine has not fetched in that time is no more; its sender still has it, and sends it again. Older mail is refused: ended
 * messages are known by their ids for seven days.
 */
export const keptInMailboxMs = 6 * dayMs;

/** What is not acknowledged in that time comes again. */
const ackWaitMs = 30_000;

/** Of one sender, in one mailbox. A claudex that keeps to the rules sends less (`mostUnderWay` in daemon/mesh/lane.ts). */
export const mostPieces = 128;
/** So each sender has 128 MiB in each mailbox at most, which is an eighth of it. */
const pieceBytes = 1 << 20;
const mailboxBytes = 2 ** 30;

/** So many mailboxes are made at a time. */
const atATime = 16;

function streamOf(name: string): Partial<StreamConfig> & { name: string } {
  return {
    name: mailboxOf(name),
    description: `mail for ${name} of a claudex mesh`,
    subjects: [mailSubject(name, '*')],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // what does not fit is refused to its sender, never dropped
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: mostPieces,
    max_msg_size: pieceBytes,
    max_bytes: mailboxBytes,
    max_age: nanos(keptInMailboxMs),
    duplicate_window: nanos(120_000),
  };
}

function placeOf(name: string): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: 512,
  };
}

/** This machine's own, made where there is none and that is allowed. @throws ClaudexError MESH_NO_MAILBOX, MESH_UNREACHABLE */
export async function openMailbox(connection: NatsConnection, name: string, url: string): Promise<Consumer> {
  const { consumers } = jetstream(connection);
  try {
    try {
      return await consumers.get(mailboxOf(name), name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await makeMailboxes(connection, [name]);
    return await consumers.get(mailboxOf(name), name);
  } catch (error) {
    if (isMissing(error)) throw new ClaudexError('MESH_NO_MAILBOX', `${url}: ${(error as Error).message}.`);
    throw asMeshError(error, url);
  }
}

/** It is not there, or the server does not say whether it is, or another stream has its mail: no claudex of this version has made it. */
function isMissing(error: unknown): boolean {
  return /not found|permission|overlap/i.test(String(error));
}

/** Those that are there already stay as they are. */
export async function makeMailboxes(connection: NatsConnection, names: readonly string[]): Promise<void> {
  const { streams, consumers } = await jetstreamManager(connection);
  for (let at = 0; at < names.length; at += atATime) {
    const made = names.slice(at, at + atATime).map(async (name) => {
      await streams.add(streamOf(name));
      await consumers.add(mailboxOf(name), placeOf(name));
    });
    await Promise.all(made);
  }
}

/** The mailbox of a machine that is let in no more, and what it has sent to `others`: it keeps its room from nobody. */
export async function dropMailOf(connection: NatsConnection, name: string, others: readonly string[]): Promise<void> {
  const { streams } = await jetstreamManager(connection);
  const unlessGone = (error: unknown): void => {
    if (!/not found/i.test(String(error))) throw error;
  };
  await streams.delete(mailboxOf(name)).then(() => undefined, unlessGone);
  for (const other of others)
    await streams.purge(mailboxOf(other), { filter: mailSubject(other, name) }).then(() => undefined, unlessGone);
}

/** By sender: which of those machines' mailboxes hold as much of it as they take. Who may do everything asks. */
export async function fullPlaces(connection: NatsConnection, names: readonly string[]): Promise<Map<string, string[]>> {
  const { streams } = await jetstreamManager(connection);
  const full = new Map<string, string[]>();
  for (const mailbox of names) {
    const { state } = await streams.info(mailboxOf(mailbox), { subjects_filter: mailSubject(mailbox, '*') });
    for (const [subject, pieces] of Object.entries(state.subjects ?? {})) {
      if (pieces < mostPieces) continue;
      const sender = subject.split('.').at(-1)!;
      full.set(sender, [...(full.get(sender) ?? []), mailbox]);
    }
  }
  return full;
}
