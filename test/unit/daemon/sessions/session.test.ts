import { describe, expect, it } from 'vitest';
import { persistedOf, restoredSession } from '../../../../src/daemon/sessions/persisted-session.ts';
import { newSession } from '../../../../src/daemon/sessions/session.ts';
import { waitingForOf } from '../../../../src/daemon/sessions/session-record.ts';
import { stateOf } from '../../../../src/daemon/sessions/session-state.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

function aSession() {
  const clock = new TestClock();
  const session = newSession({ pid: 1, startTime: '1', cwd: '/work/api', configDir: '/c' }, clock);
  return { session, clock };
}

describe('a session', () => {
  it('waits for the tool it has asked for until its turn goes on, however it goes on', () => {
    const { session } = aSession();
    for (const goOn of ['promptSubmitted', 'turnEnded', 'turnContinues'] as const) {
      session.permissionAsked('Bash');
      session.permissionAsked(); // the notification that follows names no tool
      expect(waitingForOf(session)).toBe('permission (Bash)');
      session[goOn]();
      session.permissionAsked();
      expect(waitingForOf(session)).toBe('permission');
    }
    session.permissionAsked('Bash');
    // 2.1.197 writes its file once more between the hook and the dialog
    session.fileRead(aSessionFile({ status: 'busy' }));
    session.fileRead(aSessionFile({ status: 'waiting' }));
    expect(waitingForOf(session)).toBe('permission (Bash)');
    session.fileRead(aSessionFile({ status: 'busy' }));
    session.fileRead(aSessionFile({ status: 'waiting' }));
    expect(waitingForOf(session)).toBe('permission');
  });

  it("has the state that claude's file says, whatever hooks say", () => {
    const { session } = aSession();
    expect(stateOf(session)).toBe('starting');
    session.promptSubmitted();
    expect(stateOf(session)).toBe('busy');
    session.fileRead(aSessionFile({ status: 'idle' }));
    expect(stateOf(session)).toBe('idle');
  });

  it('tells which change of its file matters', () => {
    const { session } = aSession();
    expect(session.fileRead(aSessionFile())).toBe(true);
    expect(session.fileRead(aSessionFile({ startedAt: 5 }))).toBe(false);
    for (const change of [{ status: 'busy' }, { cwd: '/else' }, { name: 'api' }, { sessionId: 's2' }]) {
      expect(session.fileRead(aSessionFile(change))).toBe(true);
    }
  });

  it('forgets its supervisor by the word of that one alone', () => {
    const { session, clock } = aSession();
    const [first, second] = [
      { pid: 7, send: () => undefined },
      { pid: 7, send: () => undefined },
    ];
    session.connected(first);
    session.connected(second);
    expect(session.disconnected(first)).toBe(false);
    expect(session.supervisor).toBe(second);
    clock.pass(10);
    expect(session.disconnected(second)).toBe(true);
    expect(session).toMatchObject({ supervisor: null, leavingSinceSteadyMs: clock.steadyMs });
    session.connected(first);
    expect(session.leavingSinceSteadyMs).toBeNull();
    session.letGo();
    expect(session.disconnected(first)).toBe(false);
    expect(session.leavingSinceSteadyMs).toBeNull();
  });

  it('is the same after a restart of the daemon, but for what that has to see anew', () => {
    const { session, clock } = aSession();
    session.fileRead(aSessionFile({ version: '2.1.330' }));
    session.hookHeard(true, null);
    session.named('api');
    session.promptSubmitted();
    clock.pass(60_000);
    const written = JSON.parse(JSON.stringify(persistedOf(session))) as ReturnType<typeof persistedOf>;
    const restored = restoredSession(written, new TestClock({ now: 1, steadyMs: 1 }));
    expect(persistedOf(restored)).toEqual(persistedOf(session));
    expect(restored).toMatchObject({ id: session.id, peersOff: true, hookState: null, file: null, alias: null });
  });
});
