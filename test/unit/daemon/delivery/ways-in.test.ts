import { describe, expect, it } from 'vitest';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

describe('ways in', () => {
  it(`say what a session will never offer, so that a forced route is refused at once ${verifies('routes')}`, () => {
    const process = { pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' };
    const clock = new TestClock();
    const { session } = new SessionTable(clock).ensure(process);
    const waysIn = new WaysIn(clock);
    const offered = () =>
      (['paste', 'inbox-socket', 'wake', 'turn-end', 'next-prompt'] as const).filter((route) =>
        waysIn.offers(session, route),
      );
    expect(offered()).toEqual(['wake', 'turn-end', 'next-prompt']);
    session.fileRead(aSessionFile({ messagingSocketPath: '/run/in.sock' }));
    session.connected({ pid: 7, send: () => undefined });
    expect(offered()).toEqual(['paste', 'inbox-socket', 'turn-end', 'next-prompt']);
  });
});
