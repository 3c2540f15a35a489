import type { Clock } from '../../src/process/clock.ts';

/** Both clocks, moved by the test alone. */
export class TestClock implements Clock {
  /** The time of day, in milliseconds since the epoch. */
  now: number;
  steadyMs: number;

  constructor({ now = 1_800_000_000_000, steadyMs = 5000 } = {}) {
    this.now = now;
    this.steadyMs = steadyMs;
  }

  timeOfDay(): number {
    return this.now;
  }

  steady(): number {
    return this.steadyMs;
  }

  /** Both go on. */
  pass(ms: number): void {
    this.now += ms;
    this.steadyMs += ms;
  }
}
