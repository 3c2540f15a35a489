/** Who speaks is decided by what the sender runs below, not by what it says. */
import { describe, expect, it } from 'vitest';
import { speakerOf } from '../../../../src/daemon/delivery/speaker.ts';
import type { Session } from '../../../../src/daemon/sessions/session.ts';

const user = { kind: 'user' as const, label: 'the user’s shell in ~ on devbox' };
const caller = { pids: [41], configDir: '/home/ada/.claude' };
const session = { id: 'k7m2p9qd', alias: null, cwd: '/work/api' } as unknown as Session;
const below = (what: Session | 'other' | undefined) => ({ claudeAbove: () => what });

describe('who speaks', () => {
  it('is the person where no claude is above', () => {
    expect(speakerOf({ sender: user, caller }, below(undefined))).toEqual(user);
    expect(speakerOf({ sender: user }, below(session))).toEqual(user); // a program that talks to the socket itself
  });

  it('is the session that it runs below, though it says that it is the person', () => {
    expect(speakerOf({ sender: user, caller }, below(session))).toEqual({
      kind: 'peer',
      label: 'session k7m2p9qd (api)',
      id: session.id,
    });
  });

  it('is that session under the name that it gives itself', () => {
    const sender = { kind: 'peer' as const, label: 'ci', cwd: '/' };
    expect(speakerOf({ sender, caller }, below(session))).toEqual({ kind: 'peer', label: 'ci', id: session.id });
  });

  it('is another session below a claude that is nobody’s', () => {
    expect(speakerOf({ sender: user, caller }, below('other'))).toEqual({
      kind: 'peer',
      label: 'another Claude session',
    });
  });

  it('is whom an id names that was given', () => {
    const sender = { kind: 'peer' as const, label: 'session b', id: 'b' };
    expect(speakerOf({ sender, caller }, below(session))).toEqual(sender);
  });
});
