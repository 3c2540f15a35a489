/**
 * The net under what nobody waits for: timers, watchers, signals. What one session's affair throws is reported and ends
 * neither the other sessions' affairs nor the process. Where nobody takes reports (tests, short commands), it is thrown on.
 */

type Report = (error: unknown, what: string) => void;

let report: Report | undefined;

/** What has been reported by `reportOnce`; bounded, so that years of it take no memory. */
const told = new Set<string>();
const maxTold = 1000;

/** From now on failures are told to `listener` (a log). */
export function reportFailuresTo(listener: Report | undefined): void {
  report = listener;
  told.clear();
}

/** Runs `run`; what it throws is reported. */
export function guarded(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!report) throw error;
    report(error, what);
  }
}

/** Reports a failure that is dealt with already, each `what` once. */
export function reportOnce(what: string, error: unknown): void {
  if (!report || told.has(what)) return;
  if (told.size >= maxTold) told.clear();
  told.add(what);
  report(error, what);
}
