/** The keys that a bucket has now. */
import type { KV } from '@nats-io/kv';

const takesMs = 10_000;

/**
 * The library's own list ends with a message that says that it is the last: where that one does not come, it waits for ever, and asks nobody again.
 * @throws Error when the list has not ended in time
 */
export async function allKeys(bucket: Pick<KV, 'keys'>): Promise<string[]> {
  const keys: string[] = [];
  const listed = bucket.keys();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout: the list of machines has no end')), takesMs);
  });
  const read = async (): Promise<string[]> => {
    for await (const key of await listed) keys.push(key);
    return keys;
  };
  try {
    return await Promise.race([read(), tooLate]);
  } finally {
    clearTimeout(timer);
    listed.then((list) => list.stop()).catch(() => undefined);
  }
}
