import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BridgeKeeper } from '../../../../src/daemon/mesh/bridge-keeper.ts';

describe('a bridge that has gone', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function aKeeper() {
    let starts = 0;
    const mesh = {
      look: () => ({ own: 'alpha', connected: true, machines: [] }),
      startBridge: async () => {
        starts++;
      },
    };
    const keeper = new BridgeKeeper(mesh, () => undefined);
    /** It asks, is answered after that time, and asks again, so often. */
    const asks = async (times: number, answeredAfterMs: number): Promise<void> => {
      for (let at = 0; at < times; at++) {
        const response = new EventEmitter();
        keeper.asked(response as ServerResponse);
        await vi.advanceTimersByTimeAsync(answeredAfterMs);
        response.emit('close');
      }
    };
    /** How long it takes until one is started. */
    const startedAfterMs = async (): Promise<number> => {
      const before = starts;
      for (let ms = 0; ; ms += 100) {
        if (starts > before) return ms;
        await vi.advanceTimersByTimeAsync(100);
      }
    };
    return { keeper, asks, startedAfterMs };
  }

  it('is started again after a moment, each time, where it was at work', async () => {
    const { keeper, asks, startedAfterMs } = aKeeper();
    for (let time = 0; time < 4; time++) {
      await asks(100, 50);
      expect(await startedAfterMs()).toBe(3000);
    }
    keeper.close();
  });

  it('is started at growing intervals where it dies as soon as it is there', async () => {
    const { keeper, asks, startedAfterMs } = aKeeper();
    const waits: number[] = [];
    for (let time = 0; time < 6; time++) {
      await asks(1, 50);
      waits.push(await startedAfterMs());
    }
    expect(waits).toEqual([3000, 6000, 12_000, 24_000, 48_000, 60_000]);
    keeper.close();
  });
});
