import { fdatasync, ftruncateSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Journal } from '../../../../src/daemon/messages/journal.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';

const failing = (): NodeJS.ErrnoException => Object.assign(new Error('no'), { code: 'EIO' });

describe('message store', () => {
  let dir: string;
  const faults = new Set<'write' | 'truncate' | 'sync' | 'hold sync'>();
  const held: Array<() => void> = [];
  const stores: MessageStore[] = [];
  const journals: Journal[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-store-'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    faults.clear();
    for (const store of stores.splice(0)) store.close();
    for (const journal of journals.splice(0)) journal.close();
    vi.useRealTimers();
    rmSync(dir, { recursive: true, force: true });
  });

  /** A store as a daemon that starts now would have it. */
  function aStore(options: { maxOpenBytes?: number; clock?: TestClock } = {}): { store: MessageStore; told: string[] } {
    const journal = new Journal(join(dir, 'journal.ndjson'), {
      disk: {
        writeSync: (fd, bytes, offset) => {
          if (faults.has('write')) throw failing();
          return writeSync(fd, bytes, offset);
        },
        ftruncateSync: (fd, bytes) => {
          if (faults.has('truncate')) throw failing();
          ftruncateSync(fd, bytes);
        },
        fdatasync: (fd, done) => {
          const run = (): unknown => (faults.has('sync') ? setImmediate(done, failing()) : fdatasync(fd, done));
          if (faults.has('hold sync')) held.push(run as () => void);
          else run();
        },
      },
    });
    const told: string[] = [];
    const store = new MessageStore({
      journal,
      log: () => undefined,
      clock: new TestClock(),
      ...options,
    });
    store.changed.add((message) => told.push(`${message.id} ${message.state}`));
    stores.push(store);
    journals.push(journal);
    return { store, told };
  }

  it(`a message can be claimed when it is on disk, not before ${verifies('accepted-on-disk', 'exactly-once')}`, async () => {
    const { store, told } = aStore();
    faults.add('hold sync');
    const accepted = store.accept(aMessage('m1', { key: 'k' }));
    expect(store.mailbox.openFor('s1')).toEqual([]);
    expect(store.move('m1', { state: 'leased' })).toBe(false);
    expect(store.byKey('k')?.id).toBe('m1');
    expect(told).toEqual([]);
    held.splice(0).forEach((run) => void run());
    await accepted;
    expect(store.mailbox.openFor('s1').map((one) => one.id)).toEqual(['m1']);
    expect(told).toEqual(['m1 queued']);
  });

  it(`what was refused is gone, after a restart too ${verifies('accepted-on-disk', 'exactly-once')}`, async () => {
    const { store, told } = aStore();
    faults.add('sync');
    await expect(store.accept(aMessage('m1', { key: 'k' }))).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' });
    expect(store.get('m1')).toBeUndefined();
    expect(store.byKey('k')).toBeUndefined();
    faults.clear();
    await store.accept(aMessage('m2', { key: 'k' }));
    const again = aStore().store;
    expect(again.get('m1')).toBeUndefined();
    expect(again.mailbox.openFor('s1').map((one) => one.id)).toEqual(['m2']);
    expect(again.byKey('k')?.id).toBe('m2');
    expect(told).toEqual(['m2 queued']);
  });

  it(`a key whose message cannot be taken back stays taken until it can ${verifies('exactly-once')}`, async () => {
    const { store } = aStore();
    faults.add('hold sync').add('sync');
    const refused = store.accept(aMessage('m1', { key: 'k' }));
    faults.add('write').add('truncate');
    held.splice(0).forEach((run) => void run());
    await expect(refused).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' });
    expect(store.byKey('k')?.id).toBe('m1');
    await expect(store.onDisk('m1')).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' });
    faults.clear();
    vi.advanceTimersByTime(1000);
    expect(store.byKey('k')).toBeUndefined();
    const again = aStore().store;
    expect(again.mailbox.openFor('s1')).toEqual([]);
  });

  it('what has ended is let go of, and read from disk where it is asked for', async () => {
    const { store } = aStore();
    await store.accept(aMessage('m1', { key: 'k' }));
    await store.accept(aMessage('m2'));
    store.move('m1', { state: 'failed', reason: 'because' });
    vi.advanceTimersByTime(60_000);
    expect(store.mailbox.get('m1')).toBeUndefined();
    expect(store.get('m1')).toMatchObject({ state: 'failed', reason: 'because', body: 'body of m1' });
    expect(store.byKey('k')).toMatchObject({ id: 'm1', state: 'failed' });
    expect([...store.ended()].map((one) => one.id)).toEqual(['m1']);
    // tried again, it has its old place
    expect(store.recall('m1')?.state).toBe('failed');
    expect(store.move('m1', { state: 'queued' })).toBe(true);
    expect(store.mailbox.openFor('s1').map((one) => one.id)).toEqual(['m1', 'm2']);
    vi.advanceTimersByTime(60_000);
    expect(store.mailbox.get('m1')?.state).toBe('queued');
  });

  it('lets nothing go that is not written down yet', async () => {
    const { store } = aStore();
    await store.accept(aMessage('m1'));
    faults.add('write');
    store.move('m1', { state: 'cancelled' });
    vi.advanceTimersByTime(60_000);
    expect(store.get('m1')?.state).toBe('cancelled');
    faults.clear();
    vi.advanceTimersByTime(60_000);
    expect(store.mailbox.get('m1')).toBeUndefined();
    expect(store.get('m1')?.state).toBe('cancelled');
  });

  it('takes no more than may wait, and says so', async () => {
    const { store } = aStore({ maxOpenBytes: 10_000 });
    await store.accept(aMessage('m1', { body: 'x'.repeat(8000) }));
    await expect(store.accept(aMessage('m2', { body: 'x'.repeat(8000) }))).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    });
    expect(store.get('m2')).toBeUndefined();
    store.move('m1', { state: 'cancelled' });
    await store.accept(aMessage('m3', { body: 'x'.repeat(8000) }));
    expect(
      aStore()
        .store.mailbox.openFor('s1')
        .map((one) => one.id),
    ).toEqual(['m3']);
  });

  it('counts what waits through every state and address', async () => {
    const { store } = aStore();
    for (const id of ['m1', 'm2']) await store.accept(aMessage(id));
    const both = store.mailbox.openBytes;
    store.move('m1', { state: 'leased' });
    store.readdress('m1', { id: null, name: 'api', cwd: '/work/api' });
    store.move('m1', { state: 'delivered' });
    expect(store.mailbox.openBytes).toBe(both);
    store.move('m1', { state: 'answered' });
    expect(store.mailbox.openBytes).toBe(both / 2);
    store.move('m2', { state: 'expired' });
    expect(store.mailbox.openBytes).toBe(0);
  });

  it('expires 200,000 messages without a stumble', () => {
    const clock = new TestClock({ now: 1000 });
    const { store } = aStore({ clock });
    for (let index = 0; index < 200_000; index++) {
      store.mailbox.restore(aMessage(`m${index}`, { expiresAt: 5000 + (index % 8) }), index);
    }
    store.expire();
    expect(store.mailbox.pendingTotal()).toBe(200_000);
    clock.now = 5003;
    vi.spyOn(store, 'move').mockReturnValue(true);
    store.expire();
    expect(store.move).toHaveBeenCalledTimes(100_000);
  });
});
