/** Which messages are due by the time of day, and what becomes of delays when that is set. */
import type { Clock } from '../../process/clock.ts';
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
  let next: number | undefined;
  for (const { notBefore = 0 } of open)
    if (notBefore > now && notBefore < (next ?? Number.POSITIVE_INFINITY)) next = notBefore;
  return next === undefined ? undefined : next - now;
}

/** Messages that may be delayed, and those whose time may be over. */
interface Timed {
  mailbox: { all(): readonly Message[] };
  expireDue(): void;
}

/** The clock has been set back by less than this: nobody notices, and clocks are corrected all the time. */
const unnoticedMs = 1000;

/**
 * Delays are spans of time, and are kept in the time of day because the journal outlives the steady clock: where the time of
 * day is set back, what is delayed moves along. (Set forward or asleep, a delay may end early: its time has passed for people.)
 */
export class Delays {
  readonly #clock: Clock;
  readonly #store: Timed;
  #lastOffsetMs: number;

  constructor(clock: Clock, store: Timed) {
    this.#clock = clock;
    this.#store = store;
    this.#lastOffsetMs = clock.timeOfDay() - clock.steady();
  }

  /** The time of day; what is over by it has ended, and when it has been set back since the last call, what is delayed has moved along. */
  now(): number {
    this.#store.expireDue();
    const now = this.#clock.timeOfDay();
    const offsetMs = now - this.#clock.steady();
    const jumpMs = offsetMs - this.#lastOffsetMs;
    if (Math.abs(jumpMs) < unnoticedMs) return now;
    this.#lastOffsetMs = offsetMs;
    if (jumpMs > 0) return now;
    for (const message of this.#store.mailbox.all()) {
      if (message.delayMs !== undefined && message.notBefore !== undefined) message.notBefore += jumpMs;
    }
    return now;
  }
}
