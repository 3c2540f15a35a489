/** Which managed sessions a message is taken for: one that runs or sleeps, none that was stopped or is being stopped. */
import { describe, expect, it } from 'vitest';
import { type AcceptOptions, acceptSend, acceptSends } from '../../../../src/daemon/delivery/accept-send.ts';
import { PeerRules } from '../../../../src/daemon/delivery/peer-rules.ts';
import { absentSession } from '../../../../src/daemon/managed/absent-session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import type { ManagedSession } from '../../../../src/protocol/managed.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';

const request = { body: 'run the tests', kind: 'task', when: 'idle', sender: { kind: 'user', label: 'me' } } as const;

/** A daemon with two sessions that run: `worker`, which is managed, and that of somebody in a folder. */
function aDesk() {
  const clock = new TestClock();
  const table = new SessionTable(clock);
  const process = { startTime: '1', configDir: '/none' };
  const { session } = table.ensure({ ...process, pid: 1, cwd: '/work/api' });
  const other = table.ensure({ ...process, pid: 2, cwd: '/work/web' }).session;
  const record = { id: session.id, name: 'worker', cwd: '/work/api', state: 'running', asked: null, exit: null };
  const accepted: Message[] = [];
  const options = {
    table,
    store: { byKey: (key: string) => accepted.find((one) => one.key === key), onDisk: async () => undefined },
    waysIn: { offers: () => true },
    dispatcher: { accept: async (message: Message) => void accepted.push(message), inHand: () => [] },
    peers: new PeerRules({ allow: 'all', maxHops: 3, perMinute: 30 }),
    absent: () => [absentSession(record as unknown as ManagedSession)],
    onMachine: () => undefined,
    clock,
  } as unknown as AcceptOptions;
  const is = (state: ManagedSession['state'], asked: ManagedSession['asked']): void => {
    Object.assign(record, { state, asked });
  };
  const send = (target: string, more: { key?: string } = {}) => acceptSend({ ...request, ...more, target }, options);
  return { table, session, other, options, accepted, is, send };
}

describe(`a managed session ${verifies('managed-lifecycle', 'managed-wakes')}`, () => {
  it('that was asked to stop takes no message while it ends, whatever it is called by, as one that has', async () => {
    const { table, session, accepted, is, send } = aDesk();
    for (const state of ['running', 'starting'] as const) {
      is(state, 'stop');
      for (const target of [session.id, 'api', '/work/api', 'worker']) {
        await expect(send(target)).rejects.toMatchObject({
          code: 'NOT_RUNNING',
          message: expect.stringContaining('is being stopped'),
          fix: expect.stringContaining('claudex resume'),
        });
      }
    }
    is('stopped', null);
    await expect(send(session.id)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    table.remove(session);
    await expect(send('worker')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(accepted).toEqual([]);
  });

  it('that goes to sleep or is started again takes them meanwhile: they wait for it', async () => {
    const { session, accepted, is, send } = aDesk();
    for (const asked of ['sleep', 'restart', null] as const) {
      is('running', asked);
      await send(session.id);
    }
    expect(accepted.map(({ recipient }) => recipient.id)).toEqual([session.id, session.id, session.id]);
  });

  it('that is being stopped still says what became of a message that it was sent before', async () => {
    const { session, is, send } = aDesk();
    const { id } = await send(session.id, { key: 'one' });
    is('running', 'stop');
    expect(await send(session.id, { key: 'one' })).toMatchObject({ id, repeated: true });
  });

  it('that is being stopped is not among all, and refuses all where it is named among several', async () => {
    const { session, other, options, accepted, is } = aDesk();
    is('running', 'stop');
    const targets = [session.id, other.id];
    await expect(acceptSends({ ...request, targets }, options)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(accepted).toEqual([]);
    const replies = await acceptSends({ ...request, targets, all: true }, options);
    expect(replies.map(({ target }) => target.id)).toEqual([other.id]);
    const alone = acceptSends({ ...request, targets: [session.id], all: true }, options);
    await expect(alone).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});
