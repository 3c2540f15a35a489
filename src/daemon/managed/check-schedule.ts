import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Schedule } from '../../protocol/managed.ts';

/** Do its times come round? Loads croner. @throws ClaudexError BAD_SCHEDULE */
export async function checkSchedule({ cron, timeZone }: Schedule): Promise<void> {
  const { cronTimes } = await import('../../schedule/cron-times.ts');
  try {
    cronTimes({ cron, ...(timeZone !== undefined && { timeZone }) });
  } catch (cause) {
    throw new ClaudexError(
      'BAD_SCHEDULE',
      `"${cron}"${timeZone ? ` in ${timeZone}` : ''}: ${(cause as Error).message}`,
      { cause },
    );
  }
}
