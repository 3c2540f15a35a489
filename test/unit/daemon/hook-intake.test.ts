import { describe, expect, it, vi } from 'vitest';
import type { HookPayload } from '../../../src/claude/hooks/hook-payload.ts';
import type { Dispatcher } from '../../../src/daemon/delivery/dispatcher.ts';
import { HookIntake } from '../../../src/daemon/hook-intake.ts';
import type { Session } from '../../../src/daemon/sessions/session.ts';
import type { SessionRegistry } from '../../../src/daemon/sessions/session-registry.ts';
import { SessionTable } from '../../../src/daemon/sessions/session-table.ts';
import { systemClock } from '../../../src/process/clock.ts';
import { verifies } from '../../requirements.ts';
import { TestClock } from '../../support/a-clock.ts';
import { aSessionFile } from '../../support/a-session-file.ts';

describe('the session of a waiting hook', () => {
  const caller = { parentPid: process.pid, configDir: '/c', peersOff: false };

  function intake(knownAfter: number) {
    let asked = 0;
    const session = { id: 'aaaa2222' };
    const registry = {
      sessionOf: () => (++asked > knownAfter ? session : undefined),
    } as unknown as SessionRegistry;
    const hooks = new HookIntake({ registry, dispatcher: {} as Dispatcher, clock: systemClock });
    return { hooks, session, asked: () => asked };
  }

  it('may be known a moment later: claude has started the hook before its session file could be read', async () => {
    const { hooks, session } = intake(3);
    expect(hooks.findSession(caller)).toBeUndefined();
    expect(await hooks.findSessionSoon(caller)).toBe(session);
  });

  it('is not waited for when claude has gone', async () => {
    const { hooks, asked } = intake(3);
    // larger than any process id there can be
    expect(await hooks.findSessionSoon({ ...caller, parentPid: 2 ** 30 })).toBeUndefined();
    expect(asked()).toBe(1);
  });
});

describe('what hooks say of a session', () => {
  const caller = { parentPid: 1, configDir: '/c', peersOff: false };

  /** A session whose hooks are told to the daemon one by one. */
  function told() {
    const clock = new TestClock();
    const table = new SessionTable(clock);
    const { session } = table.ensure({ pid: 1, startTime: '1', cwd: '/work', configDir: '/c' });
    const dispatcher = { turnEnded: vi.fn(), claimForHook: () => undefined, proven: () => true };
    const look = vi.fn();
    const registry = {
      sessionOf: (pid: number) => table.byPid(pid) ?? 'other',
      touch: () => undefined,
      readFileNow: look,
      table,
    } as unknown as SessionRegistry;
    const hooks = new HookIntake({ registry, dispatcher: dispatcher as unknown as Dispatcher, clock });
    const hear = (event: string, fields: Partial<HookPayload> = {}): Session['hookState'] => {
      hooks.handle({ event, sessionId: 's', transcriptPath: null, promptId: 'p', ...fields } as HookPayload, caller);
      return session.hookState;
    };
    return { hear, hooks, dispatcher, session, clock, look };
  }

  it('a compaction in mid-turn starts no session that is idle', () => {
    const { hear } = told();
    expect(hear('SessionStart', { source: 'startup' })).toBe('idle');
    expect(hear('UserPromptSubmit', { prompt: 'a question' })).toBe('busy');
    expect(hear('SessionStart', { source: 'compact' })).toBe('busy');
    expect(hear('Stop', { lastAssistantMessage: 'done' })).toBe('idle');
  });

  it('an end is one from which on the next session of that folder follows, unless the same claude goes on', () => {
    const { hear, session, clock } = told();
    hear('SessionEnd', { reason: 'clear' });
    hear('SessionEnd', { reason: 'resume' });
    expect(session.leavingSinceSteadyMs).toBeNull();
    hear('SessionEnd', { reason: 'other' });
    const since = clock.steadyMs;
    expect(session.leavingSinceSteadyMs).toBe(since);
    clock.pass(1000);
    hear('SessionEnd', { reason: 'other' });
    expect(session.leavingSinceSteadyMs).toBe(since);
    hear('SessionStart', { source: 'startup' });
    expect(session.leavingSinceSteadyMs).toBeNull();
  });

  it('/clear does not say that the prompt box is empty: on a busy machine the command still stands in it', () => {
    const { hear, session } = told();
    const send = vi.fn();
    session.connected({ pid: 7, send });
    hear('SessionStart', { source: 'clear' });
    expect(send).not.toHaveBeenCalled();
    hear('UserPromptSubmit', { prompt: 'a question' });
    expect(send).toHaveBeenCalledWith({ type: 'prompt-submitted' });
  });

  it(`counts for the claude that has started the hook, and for no other ${verifies('nested-claude')}`, () => {
    const { hooks, session, dispatcher } = told();
    const stop = { event: 'Stop', sessionId: 's', transcriptPath: '/t', promptId: 'p' } as HookPayload;
    for (const parentPid of [2, null]) hooks.handle(stop, { ...caller, parentPid });
    expect(dispatcher.turnEnded).not.toHaveBeenCalled();
    expect(session).toMatchObject({ hooksSeen: false, claudeSessionId: null, transcriptPath: null });
  });

  it(`of a conversation that nobody has told of changes nothing ${verifies('nested-claude')}`, () => {
    const { hear, dispatcher, session, look } = told();
    session.fileRead(aSessionFile({ sessionId: 's' }));
    const before = { claudeSessionId: 's', transcriptPath: session.transcriptPath, hookState: null, hooksSeen: false };
    for (const event of ['UserPromptSubmit', 'Stop', 'StopFailure', 'SessionEnd', 'PermissionRequest']) {
      hear(event, { sessionId: 'another', transcriptPath: '/another', prompt: 'a question' });
      expect(session).toMatchObject({ ...before, leavingSinceSteadyMs: null });
    }
    expect(dispatcher.turnEnded).not.toHaveBeenCalled();
    // claude's file may be ahead of what its watcher has told
    look.mockImplementation(() => session.fileRead(aSessionFile({ sessionId: 'next' })));
    hear('UserPromptSubmit', { sessionId: 'next', transcriptPath: '/next', prompt: 'a question' });
    expect(session).toMatchObject({ claudeSessionId: 'next', transcriptPath: '/next', hookState: 'busy' });
    // and a SessionStart ahead of the file
    hear('SessionStart', { sessionId: 'cleared', transcriptPath: '/cleared', source: 'clear' });
    hear('Stop', { sessionId: 'cleared', transcriptPath: '/cleared' });
    expect(session).toMatchObject({ claudeSessionId: 'cleared', transcriptPath: '/cleared', hookState: 'idle' });
    expect(dispatcher.turnEnded).toHaveBeenCalledOnce();
  });

  it('an API error ends the turn', () => {
    const { hear, dispatcher } = told();
    expect(hear('UserPromptSubmit', { prompt: 'a question' })).toBe('busy');
    expect(hear('StopFailure', { error: 'overloaded' })).toBe('idle');
    expect(dispatcher.turnEnded).toHaveBeenLastCalledWith(
      expect.anything(),
      expect.objectContaining({ failure: 'API error: overloaded' }),
    );
  });
});
