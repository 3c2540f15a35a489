import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { allKeys } from '../../../src/mesh/all-keys.ts';
import { verifies } from '../../requirements.ts';

/** A list as the library gives it: it ends when it is stopped. */
function listOf(keys: string[], ends: boolean) {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  async function* list() {
    yield* keys;
    if (!ends) await stopped;
  }
  return Object.assign(list(), { stop: vi.fn(() => stop()) });
}

describe(`the keys of a bucket ${verifies('mesh-seeing')}`, () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are those of its list', async () => {
    const list = listOf(['a', 'b'], true);
    // biome-ignore lint/suspicious/noExplicitAny: a part of the library's iterator
    expect(await allKeys({ keys: async () => list as any })).toEqual(['a', 'b']);
  });

  it('are not waited for without end', async () => {
    const list = listOf(['a'], false);
    // biome-ignore lint/suspicious/noExplicitAny: a part of the library's iterator
    const asked = expect(allKeys({ keys: async () => list as any })).rejects.toThrow('no end');
    await vi.advanceTimersByTimeAsync(10_000);
    await asked;
    expect(list.stop).toHaveBeenCalled();
  });
});
