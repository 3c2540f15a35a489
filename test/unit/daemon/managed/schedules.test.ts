/** Tasks by the wall clock: due, missed, overlapping, across changes of the clock and of the hour. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManagedStore } from '../../../../src/daemon/managed/managed-store.ts';
import { Schedules } from '../../../../src/daemon/managed/schedules.ts';
import type { ManagedSession, Schedule } from '../../../../src/protocol/managed.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import type { SendRequest } from '../../../../src/protocol/wire.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe(`schedules ${verifies('schedules')}`, () => {
  let folder: string;
  let clock: TestClock;
  let sent: SendRequest[];
  let states: Map<string, Message['state']>;
  let loads: number;
  let schedules: Schedules;
  let store: ManagedStore;

  /** As a daemon that starts: what stands on disk is all that it knows. */
  function start(): void {
    schedules?.close();
    store = new ManagedStore({ folder, home: folder, clock, log: () => undefined });
    schedules = new Schedules({
      store,
      clock,
      log: () => undefined,
      loadCron: () => {
        loads++;
        return import('../../../../src/schedule/cron-times.ts');
      },
      send: async (request) => {
        sent.push(request);
        return { id: `m${sent.length}` } as never;
      },
      message: (id) => {
        const state = states.get(id);
        return state && { state };
      },
    });
  }

  beforeEach(() => {
    folder = temporaryFolder();
    clock = new TestClock();
    clock.now = Date.parse('2026-03-27T12:00:00Z');
    sent = [];
    states = new Map();
    loads = 0;
    start();
  });
  afterEach(() => {
    schedules.close();
  });

  function add(schedule: Partial<Schedule> | null, fields: Partial<ManagedSession> = {}): void {
    store.add({
      version: 1,
      id: 'aaaaaaaa',
      name: 'nightly',
      cwd: folder,
      args: [],
      env: {},
      claudeSessionId: null,
      hasConversation: false,
      state: 'sleeping',
      keepWarm: false,
      idleTimeoutMs: 1,
      restart: 'crash',
      restarts: [],
      exit: null,
      since: 0,
      host: null,
      asked: null,
      schedule: schedule && {
        cron: '30 2 * * *',
        timeZone: 'Europe/Berlin',
        task: 'do it',
        missed: 'run',
        overlap: 'skip',
        ...schedule,
      },
      ...fields,
    });
  }

  /** Lets the time of day go on to `iso`, looked at every ten minutes. @returns when something was said */
  async function until(iso: string): Promise<string[]> {
    const said: string[] = [];
    for (const end = Date.parse(iso); clock.now < end; ) {
      clock.now = Math.min(end, clock.now + 10 * minuteMs);
      const before = sent.length;
      await schedules.look();
      if (sent.length > before) said.push(new Date(clock.now).toISOString());
    }
    return said;
  }

  it('loads no cron and keeps no daemon where there is no schedule', async () => {
    add(null);
    await schedules.look();
    expect(loads).toBe(0);
    expect(schedules.isNeeded).toBe(false);
  });

  it('an hour that is skipped is made up for, and one that comes twice counts once', async () => {
    add({});
    await schedules.look();
    expect(schedules.isNeeded).toBe(true);
    expect(await until('2026-03-30T12:00:00Z')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z', // 02:30 is not: the clock goes from 02:00 to 03:00
      '2026-03-30T00:30:00.000Z',
    ]);
    clock.now = Date.parse('2026-10-24T12:00:00Z');
    await schedules.look();
    expect(await until('2026-10-26T12:00:00Z')).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
    expect(sent[0]).toMatchObject({ target: 'aaaaaaaa', body: 'do it', kind: 'task', sender: { kind: 'user' } });
    expect(new Set(sent.map(({ key }) => key)).size).toBe(sent.length);
  });

  it('what was missed runs once afterwards, or not at all', async () => {
    add({ cron: '0 * * * *' });
    await schedules.look();
    clock.now += 50 * hourMs + 20 * minuteMs;
    await schedules.look();
    await schedules.look();
    expect(sent).toHaveLength(1);
    add({ cron: '0 * * * *', missed: 'skip' }, { scheduled: store.get('aaaaaaaa')!.scheduled! });
    clock.now += 3 * hourMs;
    await schedules.look();
    expect(sent).toHaveLength(1);
    expect(await until(new Date(clock.now + hourMs).toISOString())).toHaveLength(1);
  });

  it('survives the daemon, and a clock that is set back says nothing twice', async () => {
    add({ cron: '0 * * * *' });
    await schedules.look();
    expect(await until('2026-03-27T13:10:00Z')).toHaveLength(1);
    start();
    await schedules.look();
    expect(sent).toHaveLength(1);
    clock.now -= 2 * hourMs;
    expect(await until('2026-03-27T13:05:00Z')).toEqual([]);
    expect(await until('2026-03-27T14:05:00Z')).toHaveLength(1);
    // a clock that was a year ahead was wrong
    clock.now += 365 * 24 * hourMs;
    await schedules.look();
    clock.now -= 365 * 24 * hourMs;
    await schedules.look();
    const before = sent.length;
    expect(await until('2026-03-27T16:05:00Z')).toHaveLength(2);
    expect(sent).toHaveLength(before + 2);
  });

  it('leaves a time out while the last one has not ended, or lets it wait its turn', async () => {
    add({ cron: '0 * * * *' });
    await schedules.look();
    await until('2026-03-27T13:10:00Z');
    states.set('m1', 'delivered');
    expect(await until('2026-03-27T14:10:00Z')).toEqual([]);
    states.set('m1', 'answered');
    expect(await until('2026-03-27T15:10:00Z')).toHaveLength(1);
    states.set('m2', 'queued');
    add({ cron: '0 * * * *', overlap: 'queue' }, { scheduled: store.get('aaaaaaaa')!.scheduled! });
    expect(await until('2026-03-27T16:10:00Z')).toHaveLength(1);
  });

  it('says nothing to one that a person has stopped, and does not make up for it', async () => {
    add({ cron: '0 * * * *' }, { state: 'stopped' });
    await schedules.look();
    expect(schedules.isNeeded).toBe(false);
    expect(await until('2026-03-27T15:10:00Z')).toEqual([]);
    store.move('aaaaaaaa', 'sleeping');
    expect(await until('2026-03-27T15:50:00Z')).toEqual([]);
    expect(await until('2026-03-27T16:10:00Z')).toHaveLength(1);
  });
});
