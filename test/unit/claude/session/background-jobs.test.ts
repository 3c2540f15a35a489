import { describe, expect, it } from 'vitest';
import {
  type BackgroundJob,
  jobMovedInto,
  type MovableSession,
  parseBackgroundJobs,
} from '../../../../src/claude/session/background-jobs.ts';
import { verifies } from '../../../requirements.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

const conversation = '4f65b6bd-063b-4134-8163-2b023598a404';
const transcript = `/h/.claude/projects/-w/${conversation}.jsonl`;

/** A roster with one job, as 2.1.332 writes it. */
function roster(dispatch: object, id = '818b6907'): string {
  const whole = { proto: 1, short: id, cwd: '/w', createdAt: 2000, ...dispatch };
  return JSON.stringify({ proto: 1, workers: { [id]: { pid: 7, ptyAuth: 'secret', dispatch: whole } } });
}

describe("claude's roster of background jobs", () => {
  it('tells a session that was moved from a copy, a job from the shell, and a spare', () => {
    const wasSession = (dispatch: object) => parseBackgroundJobs(roster(dispatch)).map((job) => job.wasSession);
    expect(wasSession({ source: 'slash', launch: { mode: 'resume', sessionId: transcript, fork: true } })).toEqual([
      true,
    ]);
    expect(wasSession({ source: 'slash', launch: { mode: 'prompt', args: [] } })).toEqual([true]);
    expect(wasSession({ source: 'shell', launch: { mode: 'resume', sessionId: conversation, fork: true } })).toEqual([
      false,
    ]);
    expect(wasSession({ source: 'shell', launch: { mode: 'prompt' } })).toEqual([false]);
    expect(wasSession({ source: 'spare', launch: { mode: 'prompt' } })).toEqual([false]);
  });

  it('holds nothing but what is asked of it, and takes any shape', () => {
    expect(parseBackgroundJobs(roster({ source: 'slash', launch: { mode: 'resume', sessionId: transcript } }))).toEqual(
      [{ id: '818b6907', wasSession: true, transcriptPath: transcript, cwd: '/w', createdAt: 2000 }],
    );
    for (const text of [
      '{}',
      'null',
      '{"workers":[]}',
      '{"workers":{"a":null,"b":{},"c":{"dispatch":{"launch":5}}}}',
    ]) {
      expect(parseBackgroundJobs(text)).toEqual([]);
    }
  });
});

describe(`the job that a session was moved into ${verifies('background')}`, () => {
  const job = (more: Partial<BackgroundJob> = {}): BackgroundJob => {
    return { id: 'j', wasSession: true, transcriptPath: transcript, cwd: '/w', createdAt: 2000, ...more };
  };
  const session = (more: Partial<MovableSession> = {}, file = {}): MovableSession => {
    const own = aSessionFile({ cwd: '/w', version: '2.1.197', startedAt: 1000, ...file });
    return { claudeSessionId: conversation, hasSaidSomething: true, file: own, ...more };
  };

  it("is what claude's file says, where it says so", () => {
    expect(jobMovedInto(session({}, { parkedJobId: 'said' }), [])).toBe('said');
    expect(jobMovedInto(session({}, { jobId: 'itself', parkedJobId: null }), [job()])).toBeUndefined();
  });

  it('is the one that goes on from its transcript', () => {
    expect(jobMovedInto(session(), [job({ id: 'other', transcriptPath: '/h/other.jsonl' }), job()])).toBe('j');
    expect(jobMovedInto(session(), [job({ wasSession: false })])).toBeUndefined();
    expect(jobMovedInto(session({ claudeSessionId: 'another' }), [job()])).toBeUndefined();
  });

  it('is none for a claude that was started later, and has resumed the conversation', () => {
    expect(jobMovedInto(session({}, { startedAt: 3000 }), [job()])).toBeUndefined();
    expect(jobMovedInto(session({}, { startedAt: null }), [job()])).toBeUndefined();
  });

  it('of an older claude that has said nothing, is the one of its folder', () => {
    const silent = job({ transcriptPath: null });
    expect(jobMovedInto(session({ hasSaidSomething: false }), [silent])).toBe('j');
    expect(jobMovedInto(session(), [silent])).toBeUndefined();
    expect(jobMovedInto(session({ hasSaidSomething: false }, { cwd: '/else' }), [silent])).toBeUndefined();
    expect(jobMovedInto(session({ hasSaidSomething: false }, { version: '2.1.332' }), [silent])).toBeUndefined();
  });
});
