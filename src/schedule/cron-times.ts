/**
 * When a cron expression comes round, by the wall clock of a time zone. The only importer of croner, which is built into this file:
 * it is loaded where there is a schedule, and nowhere else. Throws plain errors: it shares no class with what loads it.
 */
import { Cron } from 'croner';

export interface CronTimes {
  /** The first time after that moment, both in milliseconds since the epoch; null when none ever comes. */
  after(moment: number): number | null;
}

/**
 * Five fields: minute, hour, day of the month, month, day of the week. Without a zone: the machine's. An hour that the clock skips is made
 * up for when it has skipped; one that comes twice counts once, but for expressions with a time in every hour. @throws Error
 */
export function cronTimes({ cron, timeZone }: { cron: string; timeZone?: string }): CronTimes {
  const expression = new Cron(cron, {
    paused: true,
    mode: '5-part',
    ...(timeZone !== undefined && { timezone: timeZone }),
  });
  const after = (moment: number): number | null => expression.nextRun(new Date(moment))?.getTime() ?? null;
  after(0); // a time zone that is none is found out now
  return { after };
}
