import { describe, expect, it } from 'vitest';
import { whatItAsks } from '../../../../src/cli/managed/settled.ts';
import { aSession } from '../../../support/a-session.ts';

describe('what a session that was just started is said to wait for', () => {
  it('what its dialog is called, and where to answer', () => {
    const session = aSession({ state: 'waiting', waitingFor: 'trust' });
    expect(whatItAsks('api', session)).toBe(
      'It waits for a person: trust. See it with `claudex peek api`, answer in `claudex attach api`.\n',
    );
  });

  it('a claude that is slow is not said to ask anything', () => {
    expect(whatItAsks('api', undefined)).toBe(
      'Claude has not shown its prompt box in 30 s. See what it does with `claudex peek api` or `claudex attach api`.\n',
    );
  });

  it('nothing of one that shows its prompt box or works', () => {
    expect(whatItAsks('api', aSession({ state: 'idle' }))).toBeUndefined();
    expect(whatItAsks('api', aSession({ state: 'busy' }))).toBeUndefined();
  });
});
