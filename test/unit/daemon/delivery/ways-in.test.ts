import { describe, expect, it, vi } from 'vitest';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import { persistedOf } from '../../../../src/daemon/sessions/persisted-session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

describe('ways in', () => {
  it(`say what a session will never offer, so that a forced route is refused at once ${verifies('routes')}`, () => {
    const process = { pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' };
    const clock = new TestClock();
    const { session } = new SessionTable(clock).ensure(process);
    const waysIn = new WaysIn(clock);
    const offered = () =>
      (['paste', 'inbox-socket', 'wake', 'turn-end', 'next-prompt'] as const).filter((route) =>
        waysIn.offers(session, route),
      );
    expect(offered()).toEqual(['wake', 'turn-end', 'next-prompt']);
    session.fileRead(aSessionFile({ messagingSocketPath: '/run/in.sock' }));
    session.connected({ pid: 7, send: () => undefined });
    expect(offered()).toEqual(['paste', 'inbox-socket', 'turn-end', 'next-prompt']);
  });
});

const anIdleSession = () => {
  const clock = new TestClock();
  const table = new SessionTable(clock);
  const { session } = table.ensure({ pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' });
  session.fileRead(aSessionFile({ status: 'idle' }));
  return { clock, table, session, waysIn: new WaysIn(clock) };
};

describe('ways in: a supervisor that is away', () => {
  it(`is waited for a while, in this daemon and in the next ${verifies('routes')}`, () => {
    const { clock, table, session, waysIn } = anIdleSession();
    expect(waysIn.situation(session).supervisorDueInMs).toBeUndefined();
    const supervisor = { pid: 7, send: () => undefined };
    session.connected(supervisor);
    expect(waysIn.situation(session)).toMatchObject({ supervised: true, supervisorDueInMs: undefined });
    session.disconnected(supervisor);
    clock.pass(4000);
    expect(waysIn.situation(session)).toMatchObject({ supervised: false, supervisorDueInMs: 6000 });
    clock.pass(6000);
    expect(waysIn.situation(session).supervisorDueInMs).toBeUndefined();
    const [written] = table.all().map(persistedOf);
    const restored = new SessionTable(clock).restore(written!);
    expect(waysIn.situation(restored)).toMatchObject({ supervised: false, supervisorDueInMs: 10_000 });
  });

  it('nobody is waited for where no supervisor was', () => {
    const { clock, table, waysIn } = anIdleSession();
    const restored = new SessionTable(clock).restore(persistedOf(table.all()[0]!));
    expect(waysIn.situation(restored).supervisorDueInMs).toBeUndefined();
  });
});

describe('ways in: a session that was asked to end', () => {
  it('is known by its id', () => {
    const { clock, session } = anIdleSession();
    const ending: string[] = [];
    const waysIn = new WaysIn(clock, (id) => ending.includes(id));
    expect(waysIn.situation(session).isEnding).toBe(false);
    ending.push(session.id);
    expect(waysIn.situation(session).isEnding).toBe(true);
  });
});

describe(`ways in: who is asked first ${verifies('denial')}`, () => {
  it('is known from a hook, from the start, or from what claude has once held back', () => {
    const { session, waysIn } = anIdleSession();
    const holds = (): boolean => waysIn.situation(session).holdsPeers;
    expect(holds()).toBe(false);
    session.connected({ pid: 7, send: () => undefined }, 'bypassPermissions');
    expect(holds()).toBe(true);
    session.hookHeard(false, 'plan');
    expect(holds()).toBe(false);
    // a supervisor that comes back knows how claude was started, not how it is now
    session.connected({ pid: 7, send: () => undefined }, 'bypassPermissions');
    expect(holds()).toBe(false);
    session.holdsPeers();
    expect(holds()).toBe(true);
    session.hookHeard(false, null);
    expect(holds()).toBe(true);
    session.hookHeard(false, 'default');
    expect(holds()).toBe(false);
  });
});

describe('ways in: an inbox socket that refuses', () => {
  it('is left alone, each time for twice as long, five minutes at most; another socket is another matter', async () => {
    const { session, waysIn } = anIdleSession();
    session.fileRead(aSessionFile({ messagingSocketPath: '/nowhere/in.sock' }));
    const pauses: number[] = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let refusal = 0; refusal < 9; refusal++) {
        const refused = vi.fn();
        await new Promise<void>((recovered) => {
          waysIn.carry(session, aMessage('m1'), 'inbox-socket', {
            lateInMs: 30_000,
            onRefused: (reason) => {
              refused(reason);
              expect(waysIn.situation(session).hasInboxSocket).toBe(false);
              let passed = 0;
              queueMicrotask(() => {
                for (; !waysIn.situation(session).hasInboxSocket; passed += 1000) vi.advanceTimersByTime(1000);
                pauses.push(passed);
              });
            },
            onRecovered: recovered,
          });
        });
        expect(refused).toHaveBeenCalledExactlyOnceWith('inbox socket: unreachable');
      }
      expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
      waysIn.carry(session, aMessage('m1'), 'inbox-socket', {
        lateInMs: 30_000,
        onRefused: () => session.fileRead(aSessionFile({ messagingSocketPath: '/nowhere/other.sock' })),
        onRecovered: () => undefined,
      });
      await vi.waitFor(() => expect(session.file?.messagingSocketPath).toBe('/nowhere/other.sock'));
      expect(waysIn.situation(session).hasInboxSocket).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
