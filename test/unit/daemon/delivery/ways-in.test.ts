import { describe, expect, it } from 'vitest';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import { type Session, SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { verifies } from '../../../requirements.ts';

describe('ways in', () => {
  it(`say what a session will never offer, so that a forced route is refused at once ${verifies('routes')}`, () => {
    const process = { pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' };
    const { session } = new SessionTable().ensure(process, 0, 0);
    const waysIn = new WaysIn();
    const offered = () =>
      (['paste', 'inbox-socket', 'wake', 'turn-end', 'next-prompt'] as const).filter((route) =>
        waysIn.offers(session, route),
      );
    expect(offered()).toEqual(['wake', 'turn-end', 'next-prompt']);
    session.file = { messagingSocketPath: '/run/in.sock' } as Session['file'];
    session.supervisor = { pid: 2, send: () => undefined };
    expect(offered()).toEqual(['paste', 'inbox-socket', 'turn-end', 'next-prompt']);
  });
});
