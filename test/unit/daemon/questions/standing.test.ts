import { describe, expect, it } from 'vitest';
import { standingOf } from '../../../../src/daemon/questions/standing.ts';

const askedAt = 10_000;
const waiting = (since: number) => ({ isWaiting: true, since });
const goesOn = (since: number) => ({ isWaiting: false, since });

describe('is a dialog still open, by the session file', () => {
  it('before it is on the screen, and while it is', () => {
    expect(standingOf({ askedAt, waitingSince: null, isAgents: false }, goesOn(9000), 10_100)).toEqual({
      is: 'open',
      waitingSince: null,
    });
    expect(standingOf({ askedAt, waitingSince: null, isAgents: false }, waiting(10_300), 10_400)).toEqual({
      is: 'open',
      waitingSince: 10_300,
    });
    expect(standingOf({ askedAt, waitingSince: 10_300, isAgents: false }, waiting(10_300), 90_000)).toMatchObject({
      is: 'open',
    });
  });

  it('no longer when the session has left that waiting, also where it waits again', () => {
    expect(standingOf({ askedAt, waitingSince: 10_300, isAgents: false }, goesOn(12_000), 12_000)).toEqual({
      is: 'over',
    });
    expect(standingOf({ askedAt, waitingSince: 10_300, isAgents: false }, waiting(13_000), 13_000)).toEqual({
      is: 'over',
    });
  });

  it('a dialog may be dated a moment before the hook that was started beside it', () => {
    expect(standingOf({ askedAt, waitingSince: 9950, isAgents: false }, goesOn(12_000), 12_000)).toEqual({
      is: 'over',
    });
  });

  it('one that came while another was open outlives that one', () => {
    const sight = { askedAt, waitingSince: 8000, isAgents: false };
    expect(standingOf(sight, waiting(8000), 10_500)).toEqual({ is: 'open', waitingSince: 8000 });
    expect(standingOf(sight, waiting(10_400), 10_500)).toEqual({ is: 'open', waitingSince: 10_400 });
  });

  it('a session that goes on, as it says, after the request was asked may still be slow to show the dialog', () => {
    const sight = { askedAt, waitingSince: null, isAgents: false };
    expect(standingOf(sight, goesOn(10_200), 10_300)).toEqual({ is: 'over-soon', inMs: 1400 });
    expect(standingOf(sight, goesOn(10_200), 11_700)).toEqual({ is: 'over' });
  });

  it('a subagent asks beside its session’s turn, whose end says nothing of a dialog that has yet to come', () => {
    const sight = { askedAt, waitingSince: null, isAgents: true };
    expect(standingOf(sight, goesOn(10_200), 12_000)).toEqual({ is: 'over-soon', inMs: 28_200 });
    expect(standingOf({ ...sight, waitingSince: 10_300 }, goesOn(12_000), 12_000)).toEqual({ is: 'over' });
  });

  it('where claude writes no file, what hooks say has to do', () => {
    expect(
      standingOf({ askedAt, waitingSince: null, isAgents: false }, { isWaiting: true, since: null }, 10_000),
    ).toEqual({
      is: 'open',
      waitingSince: askedAt,
    });
    expect(
      standingOf({ askedAt, waitingSince: askedAt, isAgents: false }, { isWaiting: false, since: null }, 12_000),
    ).toEqual({
      is: 'over',
    });
  });
});
