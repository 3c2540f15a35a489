import { describe, expect, it } from 'vitest';
import { stuckBecause } from '../../../../src/daemon/delivery/retry-rules.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

describe(`retry rules ${verifies('no-endless-repeat')}`, () => {
  const fresh = aMessage('m1');
  const triedOnce = aMessage('m1', { unproven: [{ route: 'paste', lease: 1, session: 's1' }] });
  const all = { hooks: true, transcript: true };

  it('one more try where the first would have shown', () => {
    expect(stuckBecause(fresh, 'paste', all)).toBeUndefined();
    expect(stuckBecause(fresh, 'paste', { hooks: true, transcript: false })).toBeUndefined();
    expect(stuckBecause(fresh, 'next-prompt', { hooks: false, transcript: true })).toBeUndefined();
  });

  it('none after the second, and the reason names both', () => {
    expect(stuckBecause(triedOnce, 'inbox-socket', all)).toBe(
      'put in by paste, then inbox-socket; claude never showed that it arrived',
    );
  });

  it('none where a person would be asked a second time', () => {
    expect(stuckBecause(fresh, 'inbox-socket', { ...all, asksPerson: true })).toMatch(/a person is asked first/);
  });

  it('none at all where nothing can show it', () => {
    const blind = /^put in by paste; nothing can show whether it arrived/;
    expect(stuckBecause(fresh, 'paste', { hooks: false, transcript: false })).toMatch(blind);
    // hooks tell of prompts, not of what another hook's answer added to one
    expect(stuckBecause(fresh, 'turn-end', { hooks: true, transcript: false })).toMatch(/nothing can show/);
  });
});
