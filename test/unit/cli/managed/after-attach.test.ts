/** What somebody is told whose session has gone from the terminal. */
import { expect, it, vi } from 'vitest';
import { afterAttach } from '../../../../src/cli/managed/after-attach.ts';
import type { DaemonClient } from '../../../../src/daemon-client/client.ts';
import type { ManagedRecord } from '../../../../src/protocol/managed.ts';

const record = (over: Partial<ManagedRecord>) => ({ id: 'one', socket: '/nowhere.sock', ...over }) as ManagedRecord;

/** A daemon that says these one after the other, the last one again and again. */
function says(...records: ManagedRecord[]): DaemonClient {
  return { managed: async () => [records.length > 1 ? records.shift()! : records[0]!] } as unknown as DaemonClient;
}

const lost = { reason: 'lost', exit: null } as const;
const exit = { code: null, signal: 9, reason: 'claude died of signal 9', at: 0 };
const one = { id: 'one', name: 'api', managed: record({ state: 'running' }) };
const running = record({ state: 'running' });

it('is not told that it is started again while the daemon has yet to notice its end', async () => {
  const waiting = vi.fn();
  const client = says(...Array.from({ length: 8 }, () => running), record({ state: 'crashed', exit }));
  const { words } = await afterAttach(client, one, lost, waiting);
  expect(words).toBe('api is crashed: claude died of signal 9. To go on: claudex resume api --attach');
  expect(waiting).not.toHaveBeenCalled();
});

it('is told so once when it is', async () => {
  const waiting = vi.fn();
  const starting = Array.from({ length: 9 }, () => record({ state: 'starting' }));
  await afterAttach(says(...starting, record({ state: 'ended', exit })), one, lost, waiting);
  expect(waiting).toHaveBeenCalledOnce();
});
