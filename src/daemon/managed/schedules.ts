/**
 * Tasks of managed sessions that come by the wall clock. A time is done once it has been written down; what it says goes in as a message with a
 * key of its own, so that neither a crash in between nor a clock that is set back has it said twice.
 */
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import type { ManagedSession, Schedule } from '../../protocol/managed.ts';
import type { Message } from '../../protocol/message.ts';
import { isFinal } from '../../protocol/message.ts';
import type { SendReply, SendRequest } from '../../protocol/wire.ts';
import type { CronTimes } from '../../schedule/cron-times.ts';
import { isUp, type ManagedStore } from './managed-store.ts';

/** The clock may be set, and the machine may sleep: a time is never waited for longer than this in one piece. */
const lookEveryMs = 30_000;
/** Later than this it was missed. */
const lateMs = 90_000;
/** A clock that was so far ahead was wrong: what it has had done is not waited for. */
const longestSetBackMs = 24 * 3_600_000;

export interface SchedulesOptions {
  store: ManagedStore;
  clock: Clock;
  log: Log;
  /** Only where there is a schedule. */
  loadCron: () => Promise<{ cronTimes: (schedule: Pick<Schedule, 'cron' | 'timeZone'>) => CronTimes }>;
  send: (request: SendRequest) => Promise<SendReply>;
  message: (id: string) => Pick<Message, 'state'> | undefined;
}

export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #cron = new Map<string, CronTimes>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** A task may come for a session that would take it: the daemon stays. */
  get isNeeded(): boolean {
    return this.#options.store.all().some((one) => one.schedule && takes(one));
  }

  /** Something about the records has changed, or the daemon has started. */
  look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#looking = this.#looking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#options.log('schedules failed', { error: String(error) });
        this.#arm(lookEveryMs);
      });
    return this.#looking;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    let soonestMs = lookEveryMs;
    let isAny = false;
    for (const { id, schedule } of store.all()) {
      if (!schedule) continue;
      isAny = true;
      const nextAt = await this.#runDue(id, await this.#times(id, schedule));
      if (nextAt !== null) soonestMs = Math.min(soonestMs, Math.max(1, nextAt - clock.timeOfDay()));
    }
    if (isAny) this.#arm(soonestMs);
  }

  /** @returns when its task comes next */
  async #runDue(id: string, times: CronTimes): Promise<number | null> {
    const { store, clock, log } = this.#options;
    const one = store.get(id);
    if (!one?.schedule) return null;
    const now = clock.timeOfDay();
    const before = one.scheduled ?? { upTo: now, messageId: null };
    const upTo = before.upTo > now + longestSetBackMs ? now : before.upTo;
    const due = lastDue(times, upTo, now);
    let { messageId } = before;
    if (due !== undefined) {
      const skipped = this.#whySkipped(one, one.schedule, now - due, messageId);
      log('schedule', { id, due: new Date(due).toISOString(), ...(skipped !== undefined && { skipped }) });
      // said before it is written down: after a crash in between its key gives the same message again
      if (skipped === undefined) messageId = await this.#say(one, one.schedule, due);
    }
    const done = due === undefined ? upTo : now;
    const nextAt = times.after(Math.max(done, now));
    const isNews = one.scheduled?.upTo !== done || one.scheduled.nextAt !== nextAt;
    if (isNews && store.get(id)) store.update(id, { scheduled: { upTo: done, messageId, nextAt } });
    return nextAt;
  }

  #whySkipped(one: ManagedSession, schedule: Schedule, lateByMs: number, lastId: string | null): string | undefined {
    if (!takes(one)) return `it is ${one.state}`;
    if (schedule.missed === 'skip' && lateByMs > lateMs) return 'missed';
    const last = lastId === null ? undefined : this.#options.message(lastId);
    if (schedule.overlap === 'skip' && last && !isFinal(last.state)) return 'the last has not ended';
    return undefined;
  }

  async #say(one: ManagedSession, { task }: Schedule, due: number): Promise<string | null> {
    const { send, log } = this.#options;
    try {
      const { id } = await send({
        target: one.id,
        body: task,
        kind: 'task',
        when: 'idle',
        sender: { kind: 'user', label: `the schedule of ${one.name ?? one.id}` },
        key: `schedule ${one.id} ${due}`,
      });
      return id;
    } catch (error) {
      log('schedule not sent', { id: one.id, error: String(error) });
      return null;
    }
  }

  async #times(id: string, schedule: Schedule): Promise<CronTimes> {
    const key = keyOf(id, schedule);
    const known = this.#cron.get(key);
    if (known) return known;
    const { cronTimes } = await this.#options.loadCron();
    const times = cronTimes(schedule);
    this.#cron.set(key, times);
    return times;
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.look(), ms);
  }
}

/** The last time in (from, now]; of many that were missed it is the one that counts. */
function lastDue(times: CronTimes, from: number, now: number): number | undefined {
  let last: number | undefined;
  // from the youngest day on: a daemon that was away for a year need not count every minute of it
  for (const start of [Math.max(from, now - 24 * 3_600_000), from]) {
    for (let at = times.after(start); at !== null && at <= now; at = times.after(at)) last = at;
    if (last !== undefined) return last;
  }
  return undefined;
}

function takes(one: ManagedSession): boolean {
  return isUp(one) || one.state === 'sleeping';
}

function keyOf(id: string, { cron, timeZone }: Schedule): string {
  return JSON.stringify([id, cron, timeZone]);
}
