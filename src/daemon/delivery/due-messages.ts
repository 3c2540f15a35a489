/** Which messages are due by the time of day. Pure. */
import type { Message } from '../../protocol/message.ts';

/** A message that may start a turn now. A note only when one route is forced on it. */
export function isReadyTask(message: Message, now: number): boolean {
  return (
    message.state === 'queued' &&
    (message.notBefore ?? 0) <= now &&
    (message.kind === 'task' || message.forcedRoute !== undefined)
  );
}

/** In how many milliseconds the next delayed message is due. */
export function nextDueInMs(open: readonly Message[], now: number): number | undefined {
  const delays = open.map((one) => (one.notBefore ?? 0) - now).filter((delayMs) => delayMs > 0);
  return delays.length === 0 ? undefined : Math.min(...delays);
}
