/** The clock for durations and for what came before what: setting the date does not move it. */

/**
 * Milliseconds of the machine's steady clock. It is one and the same in every process (libuv reads the kernel's monotonic
 * clock on Linux, Mach time on macOS), begins anew with each boot, and says nothing about the time of day.
 */
export function steadyNow(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
