import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compactJournal } from '../../../../src/daemon/messages/compact-journal.ts';
import { compactedPath, Journal } from '../../../../src/daemon/messages/journal.ts';
import type { JournalEntry } from '../../../../src/daemon/messages/journal-entry.ts';
import type { Keeping } from '../../../../src/daemon/messages/journal-index.ts';
import { Mailbox } from '../../../../src/daemon/messages/mailbox.ts';
import type { Message, MessageState } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const everything: Keeping = {
  endedAfter: Number.NEGATIVE_INFINITY,
  atMost: Number.POSITIVE_INFINITY,
  atMostBytes: Number.POSITIVE_INFINITY,
};
const accept = (id: string, given: Partial<Omit<Message, 'recipient'>> = {}): JournalEntry => {
  return { t: 'accept', message: aMessage(id, given) };
};
const move = (id: string, state: MessageState, at = 1): JournalEntry => ({ t: 'state', id, at, state });

describe('compaction of the journal', () => {
  let dir: string;
  let journal: Journal;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-journal-'));
    journal = new Journal(join(dir, 'journal.ndjson'));
  });
  afterEach(() => {
    if (!journal.isClosed) journal.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const told = (of: Journal): unknown[] =>
    [...of.index.all()].map((one) => [one.id, one.endedAt, one.to, one.from, one.key, of.read(one)]);
  /** What the next daemon reads. */
  const toldAgain = (): unknown[] => {
    const next = new Journal(journal.path);
    const result = told(next);
    next.close();
    return result;
  };
  const compact = (keeping = everything, pause = async (): Promise<void> => {}) =>
    compactJournal(journal, { keeping, pause });

  it(`says the same in one line a message ${verifies('accepted-on-disk')}`, async () => {
    journal.append(accept('m1', { key: 'k"1', sender: { kind: 'peer', label: 'p', id: 'p1' } }));
    journal.append(accept('m2'));
    for (const state of ['leased', 'delivered', 'answered'] as const) journal.append(move('m1', state, 7));
    journal.append({ t: 'recipient', id: 'm2', recipient: { id: 's2', name: 'web', cwd: '/work/web' } });
    const before = told(journal);
    expect(await compact()).toBe(true);
    expect(told(journal)).toEqual(before);
    expect(toldAgain()).toEqual(before);
    expect(readFileSync(journal.path, 'utf8').trim().split('\n')).toHaveLength(3);
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['journal.ndjson']);
  });

  it('goes on in the new file', async () => {
    journal.append(accept('m1'));
    journal.append(move('m1', 'leased'));
    await compact();
    journal.append(move('m1', 'delivered'));
    await journal.commit(accept('m2'));
    expect(toldAgain()).toEqual(told(journal));
    expect(journal.read(journal.index.get('m1')!)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it('leaves out what ended too long ago, and the oldest of too many', async () => {
    for (const id of ['m1', 'm2', 'm3', 'm4', 'm5']) journal.append(accept(id, { key: `key ${id}` }));
    for (const [id, at] of Object.entries({ m2: 10, m3: 30, m4: 30, m5: 30 })) journal.append(move(id, 'failed', at));
    await compact({ ...everything, endedAfter: 20, atMost: 2 });
    expect([...journal.index.all()].map((one) => one.id)).toEqual(['m1', 'm4', 'm5']);
    expect(journal.index.endedCount).toBe(2);
    expect(journal.index.byKey('key m3')).toBeUndefined();
    expect(toldAgain()).toEqual(told(journal));
  });

  it('leaves out the oldest of what would take too many bytes', async () => {
    for (const id of ['m1', 'm2', 'm3', 'm4']) journal.append(accept(id, { body: 'x'.repeat(10_000) }));
    for (const id of ['m2', 'm3', 'm4']) journal.append(move(id, 'failed'));
    await compact({ ...everything, atMostBytes: 22_000 });
    expect([...journal.index.all()].map((one) => one.id)).toEqual(['m1', 'm3', 'm4']);
    expect(toldAgain()).toEqual(told(journal));
  });

  it(`loses nothing of what is written meanwhile ${verifies('accepted-on-disk')}`, async () => {
    const random = seededRandom(11);
    const states = ['leased', 'queued', 'delivered', 'answered', 'failed'] as const;
    const mailbox = new Mailbox();
    let count = 0;
    const step = (): void => {
      if (random() < 0.3) {
        const body = 'x'.repeat(Math.floor(random() * 20_000));
        journal.append(mailbox.accept(aMessage(`m${count++}`, { body })));
      } else {
        const state = states[Math.floor(random() * states.length)]!;
        const entry = mailbox.move(`m${Math.floor(random() * count)}`, { at: count, state });
        if (entry) journal.append(entry);
      }
    };
    for (let index = 0; index < 800; index++) step();
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses++;
      for (let index = 0; index < 3; index++) step();
    };
    for (let round = 0; round < 3; round++) {
      expect(await compact(everything, pause)).toBe(true);
      expect(toldAgain()).toEqual(told(journal));
    }
    expect(pauses).toBeGreaterThan(10);
    expect(journal.index.endedCount).toBe([...journal.index.all()].filter((one) => one.endedAt !== undefined).length);
  });

  it(`what is committed meanwhile is on disk in both files ${verifies('accepted-on-disk')}`, async () => {
    for (let index = 0; index < 50; index++) journal.append(accept(`m${index}`, { body: 'x'.repeat(20_000) }));
    const commits: Array<Promise<void>> = [];
    const pause = async (): Promise<void> => void commits.push(journal.commit(accept(`late ${commits.length}`)));
    expect(await compact(everything, pause)).toBe(true);
    await Promise.all(commits);
    expect(commits.length).toBeGreaterThan(2);
    expect([...journal.index.all()]).toHaveLength(50 + commits.length);
    expect(toldAgain()).toEqual(told(journal));
  });

  it('is given up when what it was to drop is tried again', async () => {
    for (let index = 0; index < 50; index++) journal.append(accept(`m${index}`, { body: 'x'.repeat(20_000) }));
    journal.append(move('m0', 'failed', 10));
    const pause = async (): Promise<void> => journal.append(move('m0', 'queued', 50));
    const keeping = { ...everything, endedAfter: 20 };
    expect(await compact(keeping, pause)).toBe(false);
    expect(existsSync(compactedPath(journal.path))).toBe(false);
    expect(journal.read(journal.index.get('m0')!)?.state).toBe('queued');
    expect(await compact(keeping)).toBe(true);
    expect(journal.read(journal.index.get('m0')!)?.state).toBe('queued');
    expect(toldAgain()).toEqual(told(journal));
  });

  it(`fails without a trace where there is no room ${verifies('accepted-on-disk')}`, async () => {
    journal.append(accept('m1'));
    const before = told(journal);
    // a folder in the new file's place
    rmSync(dir, { recursive: true });
    await expect(compact()).rejects.toMatchObject({ code: 'ENOENT' });
    journal.append(move('m1', 'leased'));
    expect(told(journal)).not.toEqual(before);
  });

  it('ends quietly when the journal is closed under it', async () => {
    for (let index = 0; index < 50; index++) journal.append(accept(`m${index}`, { body: 'x'.repeat(20_000) }));
    const pause = async (): Promise<void> => {
      if (!journal.isClosed) journal.close();
    };
    expect(await compact(everything, pause)).toBe(false);
    expect(readdirSync(dir)).toEqual(['journal.ndjson']);
  });

  it('takes the place of one that was not finished', async () => {
    writeFileSync(compactedPath(journal.path), 'half');
    journal.append(accept('m1'));
    expect(await compact()).toBe(true);
    expect(toldAgain()).toEqual(told(journal));
  });
});
