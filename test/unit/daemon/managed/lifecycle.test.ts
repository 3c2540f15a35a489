import { describe, expect, it } from 'vitest';
import {
  afterAbsence,
  afterEnd,
  type ClaudeEnd,
  crashWindowMs,
  isIdle,
  whoMakesRoom,
} from '../../../../src/daemon/managed/lifecycle.ts';

const now = 1_000_000_000;
const end = (over: Partial<ClaudeEnd> = {}): ClaudeEnd => ({
  code: 1,
  signal: null,
  ranMs: 60_000,
  wasResume: true,
  lastWords: '',
  ...over,
});
const session = (over: Partial<Parameters<typeof afterEnd>[0]> = {}) => ({
  asked: null,
  restart: 'crash' as const,
  restarts: [],
  ...over,
});
const killed = { code: null, signal: 9 };

describe('after claude has ended', () => {
  it.each([
    ['put to sleep', session({ asked: 'sleep' }), end({ code: 143 }), 'sleeping', undefined],
    ['stopped', session({ asked: 'stop' }), end({ code: null, signal: 9 }), 'stopped', undefined],
    ['restarted', session({ asked: 'restart' }), end({ code: 143 }), 'starting', 0],
    ['left with /exit', session(), end({ code: 0 }), 'ended', undefined],
    ['SIGTERM by hand', session(), end({ code: 143 }), 'ended', undefined],
    ['SIGHUP by hand', session(), end({ code: 129 }), 'ended', undefined],
    ['ended by signal 15', session(), end({ code: null, signal: 15 }), 'ended', undefined],
    ['No to trust', session(), end({ leftAt: 'trust', wasResume: false }), 'ended', undefined],
    ['No to trust, right after a resume', session(), end({ leftAt: 'trust', ranMs: 300 }), 'ended', undefined],
    ['kill -9 while it asks for trust', session(), end({ ...killed, leftAt: 'trust' }), 'starting', 1000],
    ['kill -9', session(), end(killed), 'starting', 1000],
    ['kill -9 with its host', session(), end({ code: null, signal: null }), 'starting', 1000],
    ['a second crash', session({ restarts: [now - 1000] }), end(killed), 'starting', 5000],
    ['a third crash', session({ restarts: [now - 2000, now - 1000] }), end(killed), 'starting', 20_000],
    ['a fourth crash', session({ restarts: [now - 3, now - 2, now - 1] }), end(killed), 'crashed', undefined],
    [
      'a fourth crash, long after',
      session({ restarts: [1, 2, 3].map((n) => now - crashWindowMs - n) }),
      end(killed),
      'starting',
      1000,
    ],
    ['a crash that is not to be mended', session({ restart: 'never' }), end(killed), 'crashed', undefined],
    ['an end right after a resume', session(), end({ ranMs: 300 }), 'crashed', undefined],
    ['an end right after its first start', session(), end({ ranMs: 300, wasResume: false }), 'starting', 1000],
    ['kill -9 right after a resume', session(), end({ ...killed, ranMs: 300 }), 'starting', 1000],
  ] as const)('%s', (_, one, how, state, startInMs) => {
    const next = afterEnd(one, how, now);
    expect({ state: next.state, startInMs: next.startInMs }).toEqual({ state, startInMs });
    expect(next.reason).not.toBe('');
  });

  it.each([
    ['No conversation found with session ID: x', 'the conversation is gone'],
    ['Error: Session ID x is already in use.', 'the conversation is open elsewhere'],
    ["error: unknown option '--nope'", "claude does not take its arguments: unknown option '--nope'"],
    ['', 'it could not be resumed'],
  ])('says of "%s" that %s', (lastWords, reason) => {
    expect(afterEnd(session(), end({ ranMs: 300, lastWords }), now).reason).toContain(reason);
  });

  it.each([
    ["error: unknown option '--nope'\n(Did you mean --name?)", "unknown option '--nope'"],
    ['\nError: Settings file not found: /nowhere.json\n', 'Settings file not found: /nowhere.json'],
  ])('does not try again what claude has refused at its first start: "%s"', (lastWords, said) => {
    const refused = end({ ranMs: 300, wasResume: false, lastWords });
    const next = { state: 'crashed', reason: `claude does not take its arguments: ${said}` };
    expect(afterEnd(session(), refused, now)).toEqual(next);
    expect(afterEnd(session(), { ...refused, ranMs: 60_000 }, now).state).toBe('starting');
    expect(afterEnd(session(), { ...refused, ...killed }, now).state).toBe('starting');
  });

  it('never counts restarts of the future: the clock may have been set back', () => {
    expect(afterEnd(session({ restarts: [now + 1, now + 2, now + 3] }), end(killed), now).startInMs).toBe(1000);
  });
});

describe('an end that no daemon has seen', () => {
  const end = { code: null, signal: null, ranMs: 1000, wasResume: true, lastWords: '' };
  const session = { asked: null, restart: 'never' as const, restarts: [] };
  it.each([
    ['its host was killed with it', end, 'starting'],
    ['SIGTERM at a shutdown', { ...end, code: 143 }, 'starting'],
    ['SIGHUP at a logout', { ...end, signal: 1 }, 'starting'],
    ['SIGKILL', { ...end, signal: 9 }, 'starting'],
    ['/exit', { ...end, code: 0 }, 'ended'],
    ['a crash of its own', { ...end, code: 1, wasResume: false }, 'crashed'],
    ['a signal of its own', { ...end, signal: 11, wasResume: false }, 'crashed'],
  ])('%s: %#', (_, how, state) => {
    expect(afterAbsence(session, how, 0).state).toBe(state);
  });

  it('what a person has asked for stays asked for', () => {
    expect(afterAbsence({ ...session, asked: 'stop' }, end, 0).state).toBe('stopped');
    expect(afterAbsence({ ...session, asked: 'sleep' }, { ...end, code: 143 }, 0).state).toBe('sleeping');
  });
});

describe('idle', () => {
  const view = { state: 'idle', pending: 0, viewers: 0, maybeDraft: false, background: false };
  it.each([
    ['all quiet', view, true],
    ['a turn', { ...view, state: 'busy' }, false],
    ['a question', { ...view, state: 'waiting' }, false],
    ['a message', { ...view, pending: 1 }, false],
    ['a viewer', { ...view, viewers: 1 }, false],
    ['a draft', { ...view, maybeDraft: true }, false],
    ['a background task', { ...view, background: true }, false],
  ])('%s: %#', (_, one, expected) => {
    expect(isIdle(one)).toBe(expected);
  });

  it('the longest idle one makes room, never one that is kept warm', () => {
    const one = (id: string, idleForMs: number | null, keepWarm = false) => ({ id, keepWarm, idleForMs });
    expect(whoMakesRoom([one('a', 5), one('b', 9), one('c', 99, true), one('d', null)])).toBe('b');
    expect(whoMakesRoom([one('c', 99, true), one('d', null)])).toBeUndefined();
  });
});
