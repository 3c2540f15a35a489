import { describe, expect, it } from 'vitest';
import { IdleWatch } from '../../../../src/daemon/managed/idle-watch.ts';
import type { Session } from '../../../../src/daemon/sessions/session.ts';
import type { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import type { HostFile } from '../../../../src/protocol/host-files.ts';
import { TestClock } from '../../../support/a-clock.ts';

const minuteMs = 60_000;

/** A session that rests, and what stands against it. */
function watched() {
  const clock = new TestClock();
  const session = { id: 'one', hookState: 'idle', hasBackgroundWork: false } as unknown as Session & {
    hasBackgroundWork: boolean;
  };
  const host = { viewers: 0, maybeDraft: false } as HostFile;
  const waiting = { pending: 0 };
  const watch = new IdleWatch({
    table: { byId: () => session } as unknown as SessionTable,
    clock,
    hostOf: () => host,
    pendingFor: () => waiting.pending,
  });
  /** Time passes with everybody awake. */
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1500) {
      clock.pass(Math.min(1500, left));
      watch.ticked();
      watch.note('one');
    }
  };
  watch.ticked();
  watch.note('one');
  return { clock, session, host, waiting, watch, pass };
}

describe('how long a session has been idle', () => {
  it('counts while nothing happens', () => {
    const { watch, pass } = watched();
    pass(5 * minuteMs);
    expect(watch.idleForMs('one')).toBe(5 * minuteMs);
  });

  it.each([1, -1])('is not moved by a step of the clock (%i day)', (days) => {
    const { clock, watch, pass } = watched();
    pass(minuteMs);
    clock.now += days * 86_400_000;
    pass(minuteMs);
    expect(watch.idleForMs('one')).toBe(2 * minuteMs);
  });

  it('does not count what everybody has slept through', () => {
    const { clock, watch, pass } = watched();
    pass(minuteMs);
    clock.pass(8 * 60 * minuteMs);
    watch.ticked();
    expect(watch.idleForMs('one')).toBe(minuteMs);
    pass(minuteMs);
    expect(watch.idleForMs('one')).toBe(2 * minuteMs);
  });

  it.each([
    ['a viewer', ({ host }) => Object.assign(host, { viewers: 1 })],
    ['a draft', ({ host }) => Object.assign(host, { maybeDraft: true })],
    ['a message that waits', ({ waiting }) => Object.assign(waiting, { pending: 1 })],
    ['a background task or a scheduled prompt', ({ session }) => Object.assign(session, { hasBackgroundWork: true })],
    ['an open question', ({ session }) => Object.assign(session, { hookState: 'waiting' })],
    ['a turn', ({ session }) => Object.assign(session, { hookState: 'busy' })],
  ] satisfies Array<[string, (one: ReturnType<typeof watched>) => unknown]>)('never counts with %s', (_, happen) => {
    const one = watched();
    one.pass(minuteMs);
    happen(one);
    one.pass(60 * minuteMs);
    expect(one.watch.idleForMs('one')).toBeNull();
  });
});
