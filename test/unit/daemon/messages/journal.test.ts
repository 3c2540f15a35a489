import {
  appendFileSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, type JournalDisk } from '../../../../src/daemon/messages/journal.ts';
import type { JournalEntry } from '../../../../src/daemon/messages/mailbox.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

const header = '{"journal":"claudex","version":1}\n';
const accept = (id: string): JournalEntry => ({ t: 'accept', message: aMessage(id) });
const moved = (id: string): JournalEntry => ({ t: 'state', id, state: 'leased', at: 1 });

const lineOf = (name: string): string => {
  const [id, step] = name.split(' ') as [string, string?];
  return `${JSON.stringify(step === undefined ? accept(id) : moved(id))}\n`;
};

/** What a daemon that starts now would find. */
function readJournal(path: string): { messages: Array<Message | undefined>; damagedLines: number } {
  const journal = new Journal(path);
  const messages = [...journal.index.all()].map((one) => journal.read(one));
  journal.close();
  return { messages, damagedLines: journal.damagedLines };
}

/** A disk on which the calls named in `faults` fail. */
function disk(faults: Set<string>): JournalDisk {
  const failing = (): NodeJS.ErrnoException => Object.assign(new Error('no'), { code: 'EIO' });
  return {
    writeSync: (fd, bytes, offset) => {
      if (faults.has('short write') && offset === 0) return writeSync(fd, bytes, 0, 9);
      if (faults.has('write') || faults.has('short write')) throw failing();
      return writeSync(fd, bytes, offset);
    },
    ftruncateSync: (fd, bytes) => {
      if (faults.has('truncate')) throw failing();
      ftruncateSync(fd, bytes);
    },
    fdatasync: (fd, done) => (faults.has('sync') ? setImmediate(done, failing()) : fdatasync(fd, done)),
  };
}

describe('journal', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-journal-'));
    path = join(dir, 'journal.ndjson');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it(`gives back what was committed and appended, in order ${verifies('accepted-on-disk')}`, async () => {
    const journal = new Journal(path);
    await journal.commit(accept('m1'));
    journal.append(moved('m1'));
    await Promise.all([journal.commit(accept('m2')), journal.commit(accept('m3')), journal.commit(accept('m4'))]);
    journal.close();
    expect(readFileSync(path, 'utf8')).toBe([header, ...['m1', 'm1 moved', 'm2', 'm3', 'm4'].map(lineOf)].join(''));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has committed what was under way when it is closed', async () => {
    const journal = new Journal(path);
    const first = journal.commit(accept('m1'));
    journal.close();
    await first;
    expect(readJournal(path)).toEqual({ messages: [aMessage('m1')], damagedLines: 0 });
  });

  it('goes on in a journal that is there, with one header', () => {
    for (const id of ['m1', 'm2']) {
      const journal = new Journal(path);
      journal.append(accept(id));
      journal.close();
    }
    expect(readFileSync(path, 'utf8').split('"journal"').length - 1).toBe(1);
    expect(readJournal(path).messages).toEqual([aMessage('m1'), aMessage('m2')]);
  });

  it('is empty when there is none', () => {
    expect(readJournal(path)).toEqual({ messages: [], damagedLines: 0 });
    expect(readFileSync(path, 'utf8')).toBe(header);
  });

  it(`cuts a torn last line off, wherever it was torn ${verifies('accepted-on-disk')}`, () => {
    const whole = `${header}${JSON.stringify(accept('m1'))}\n`;
    const last = JSON.stringify(accept('münchen'));
    const bytes = Buffer.from(last);
    for (let cut = 1; cut <= bytes.length; cut++) {
      writeFileSync(path, Buffer.concat([Buffer.from(whole), bytes.subarray(0, cut)]));
      expect(readJournal(path)).toEqual({ messages: [aMessage('m1')], damagedLines: 0 });
      expect(readFileSync(path, 'utf8')).toBe(whole);
    }
  });

  it('writes a new header after a journal torn in its first line', () => {
    writeFileSync(path, header.slice(0, 9));
    expect(readJournal(path)).toEqual({ messages: [], damagedLines: 0 });
    const journal = new Journal(path);
    journal.append(accept('m1'));
    journal.close();
    expect(readFileSync(path, 'utf8').startsWith(header)).toBe(true);
  });

  it(`counts a damaged line in the middle and keeps the rest ${verifies('accepted-on-disk')}`, () => {
    const lines = [JSON.stringify(accept('m1')), '\0\0\0\0', '{"t":"acc', JSON.stringify(accept('m2'))];
    writeFileSync(path, `${header}${lines.join('\n')}\n`);
    expect(readJournal(path)).toEqual({ messages: [aMessage('m1'), aMessage('m2')], damagedLines: 2 });
  });

  it.each([
    'null',
    '17',
    '"text"',
    '[]',
    '{}',
    '{"t":"state"}',
    '{"t":"accept"}',
    '{"t":"accept","message":{"id":"m1"}}',
  ])('counts a line that is JSON but no entry as damaged: %s', (line) => {
    writeFileSync(path, `${header}${line}\n${JSON.stringify(accept('m2'))}\n`);
    expect(readJournal(path)).toEqual({ messages: [aMessage('m2')], damagedLines: 1 });
  });

  it('refuses a journal of a newer format and leaves it alone', () => {
    const text = `{"journal":"claudex","version":2}\n${JSON.stringify(accept('m1'))}\n`;
    writeFileSync(path, text);
    expect(() => readJournal(path)).toThrow(
      expect.objectContaining({ code: 'DAEMON_START_FAILED', facts: expect.stringContaining('format 2') }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('takes long lines, and many of them, in pieces', async () => {
    const journal = new Journal(path);
    const long = 'ü'.repeat(700_000);
    for (let index = 0; index < 9; index++)
      journal.append({ t: 'accept', message: aMessage(`m${index}`, { body: long }) });
    for (let index = 0; index < 9000; index++) journal.append(moved(`m${index % 9}`));
    journal.close();
    const { messages, damagedLines } = readJournal(path);
    expect(damagedLines).toBe(0);
    expect(messages.map((one) => one?.id)).toEqual(Array.from({ length: 9 }, (_, index) => `m${index}`));
    expect(messages.every((one) => one?.body === long && one.attempts === 1000)).toBe(true);
  });

  it('knows of an ended message what is asked of it without reading it', () => {
    const journal = new Journal(path);
    const key = 'kö"y\\ ,"key":"x"';
    const sender = { kind: 'peer', label: 'peer "p"', id: 'p1' } as const;
    const body = `${'x'.repeat(50_000)} ,"key":"no" "state":"queued"`;
    journal.append({ t: 'accept', message: aMessage('m1', { key, sender, body }) });
    journal.append({ t: 'state', id: 'm1', at: 5, state: 'answered', answer: 'a "b"' });
    journal.close();
    const again = new Journal(path);
    expect(again.index.byKey(key)).toMatchObject({ id: 'm1', to: 's1', from: 'p1', endedAt: 5, key });
    expect(again.read(again.index.get('m1')!)).toMatchObject({ body, key, sender, answer: 'a "b"', state: 'answered' });
    again.close();
  });

  it('does not take in what ended long ago, but for what was tried again since', () => {
    const journal = new Journal(path);
    for (const id of ['m1', 'm2', 'm3']) journal.append(accept(id));
    for (const id of ['m1', 'm2']) journal.append({ t: 'state', id, at: 10, state: 'failed' });
    journal.append({ t: 'state', id: 'm3', at: 30, state: 'failed' });
    journal.append({ t: 'state', id: 'm2', at: 40, state: 'queued' });
    journal.close();
    const again = new Journal(path, { keeping: { endedAfter: 20, atMost: 10, atMostBytes: 1e6 } });
    expect([...again.index.all()].map(({ id, endedAt }) => [id, endedAt])).toEqual([
      ['m2', undefined],
      ['m3', 30],
    ]);
    expect(again.read(again.index.get('m2')!)?.history.map((one) => one.state)).toEqual(['queued', 'failed', 'queued']);
    again.close();
  });

  it(`loses nothing to a torn line that cannot be cut off ${verifies('accepted-on-disk')}`, async () => {
    const faults = new Set<string>();
    const journal = new Journal(path, { disk: disk(faults) });
    await journal.commit(accept('m1'));
    faults.add('short write').add('truncate');
    await expect(journal.commit(accept('m2'))).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' });
    // it takes no byte: what is appended would be lost with the torn line
    expect(() => journal.append(accept('m3'))).toThrow(expect.objectContaining({ code: 'JOURNAL_UNWRITABLE' }));
    faults.delete('short write');
    await journal.commit(accept('m4'));
    journal.append(moved('m4'));
    journal.close();
    const { messages } = readJournal(path);
    expect(messages.map((one) => [one?.id, one?.state])).toEqual([
      ['m1', 'queued'],
      ['m4', 'leased'],
    ]);
  });

  it('cuts a torn line off as soon as that is possible', async () => {
    const faults = new Set(['short write', 'truncate']);
    const journal = new Journal(path, { disk: disk(new Set()) });
    await journal.commit(accept('m1'));
    journal.close();
    const second = new Journal(path, { disk: disk(faults) });
    expect(() => second.append(accept('m2'))).toThrow(expect.objectContaining({ code: 'JOURNAL_UNWRITABLE' }));
    faults.clear();
    second.append(accept('m3'));
    second.close();
    expect(readFileSync(path, 'utf8')).toBe([header, ...['m1', 'm3'].map(lineOf)].join(''));
  });

  it('goes on behind a torn end that cannot be cut off at the start', () => {
    writeFileSync(path, `${header}${lineOf('m1')}{"t":"acc`);
    const journal = new Journal(path, { disk: disk(new Set(['truncate'])) });
    journal.append(accept('m2'));
    journal.close();
    expect(readJournal(path)).toEqual({ messages: [aMessage('m1'), aMessage('m2')], damagedLines: 1 });
  });

  it.runIf(existsSync('/dev/full'))(
    `says JOURNAL_UNWRITABLE on a full disk ${verifies('accepted-on-disk')}`,
    async () => {
      symlinkSync('/dev/full', path);
      expect(() => new Journal(path)).toThrow(
        expect.objectContaining({ code: 'JOURNAL_UNWRITABLE', facts: expect.stringContaining('ENOSPC') }),
      );
    },
  );

  it('can be read by one that comes later while it is still open', () => {
    const journal = new Journal(path);
    journal.append(accept('m1'));
    appendFileSync(path, 'torn');
    expect(readJournal(path)).toEqual({ messages: [aMessage('m1')], damagedLines: 0 });
    journal.append(accept('m2'));
    journal.close();
    expect(readJournal(path)).toEqual({ messages: [aMessage('m1'), aMessage('m2')], damagedLines: 0 });
  });
});
