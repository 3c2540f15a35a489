/** The two clocks. Whoever needs the time is handed a Clock, so that a test can move all of it. */

export interface Clock {
  /** Milliseconds since the epoch. People set this clock; it is for what people wrote in the time of day, and for showing. */
  timeOfDay(): number;
  /** Milliseconds of the steady clock: for durations and for what came before what. */
  steady(): number;
}

/**
 * Milliseconds of the machine's steady clock. It is one and the same in every process (libuv reads the kernel's monotonic
 * clock on Linux, Mach time on macOS), begins anew with each boot, and says nothing about the time of day.
 */
export function steadyNow(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** The machine's own clocks. */
export const systemClock: Clock = { timeOfDay: () => Date.now(), steady: steadyNow };
