/** Work on all sessions, paced by how many there are. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PacedWork } from '../../../../src/daemon/sessions/paced-work.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('paced work', () => {
  it('with few sessions it is done in the next turn of the event loop, once for all that changed', () => {
    const work = vi.fn();
    const paced = new PacedWork('work', work);
    for (let change = 0; change < 3; change++) paced.dueSoon(3);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0);
    expect(work).toHaveBeenCalledTimes(1);
    paced.dueSoon(3);
    vi.advanceTimersByTime(0);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('the more sessions, the rarer: what is done for all of them grows no faster than time does', () => {
    for (const count of [100, 1000]) {
      const work = vi.fn();
      const paced = new PacedWork('work', work);
      for (let ms = 0; ms < 10_000; ms++) {
        paced.dueSoon(count);
        vi.advanceTimersByTime(1);
      }
      expect(work.mock.calls.length * count).toBeLessThanOrEqual(10_000);
      expect(work.mock.calls.length).toBeGreaterThanOrEqual(9);
    }
  });

  it('once cancelled it is not done, and says that it was due', () => {
    const work = vi.fn();
    const paced = new PacedWork('work', work);
    for (const count of [3, 300]) {
      paced.dueSoon(count);
      expect(paced.cancel()).toBe(true);
      expect(paced.cancel()).toBe(false);
    }
    vi.advanceTimersByTime(1000);
    expect(work).not.toHaveBeenCalled();
  });
});
