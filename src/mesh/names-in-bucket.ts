/** Whose records the bucket holds, in questions and answers alone. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { bucketName, bucketStream } from './server-config.ts';

/**
 * The server says it in one answer; from 100,000 names on in several. (The library's own list of keys is a consumer's: over a line with
 * losses that is made anew again and again, and the list never ends.) A machine that has left counts as well, for its key keeps a mark:
 * whoever watches the bucket is told of that.
 * @throws Error where one of the answers has not come within five seconds
 */
export async function namesInBucket(connection: NatsConnection): Promise<string[]> {
  const { streams } = await jetstreamManager(connection);
  const prefix = `$KV.${bucketName}.`;
  const { state } = await streams.info(bucketStream, { subjects_filter: `${prefix}*` });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}
