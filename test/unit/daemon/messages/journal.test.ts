import {
  appendFileSync,
  closeSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
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
import type { JournalEntry } from '../../../../src/daemon/messages/journal-entry.ts';
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

  describe('line by line', () => {
    /** A disk that counts what it is asked for. */
    function counted(faults = new Set<string>()) {
      const calls = { write: 0, truncate: 0, sync: 0 };
      const under = disk(faults);
      const counting: JournalDisk = {
        writeSync: (...given) => {
          calls.write++;
          return under.writeSync(...given);
        },
        ftruncateSync: (...given) => {
          calls.truncate++;
          under.ftruncateSync(...given);
        },
        fdatasync: (...given) => {
          calls.sync++;
          under.fdatasync(...given);
        },
      };
      return { calls, disk: counting };
    }

    /** How many descriptors of ours are open on the journal. */
    const openOn = (file: string): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === file;
        } catch {
          return false; // the one that reads the folder
        }
      }).length;

    it('a whole journal is written to once a line, cut nowhere, and synced once a commit', async () => {
      const { calls, disk } = counted();
      const journal = new Journal(path, { disk });
      journal.append(accept('m1'));
      await journal.commit(accept('m2'));
      expect(calls).toEqual({ write: 3, truncate: 0, sync: 1 });
      await journal.commit(accept('m3'));
      expect(calls).toEqual({ write: 4, truncate: 0, sync: 2 });
      journal.close();
      new Journal(path, { disk }).close();
      expect(calls).toEqual({ write: 4, truncate: 0, sync: 2 });
    });

    it('a small one is read once, in one piece', () => {
      writeFileSync(path, [header, lineOf('m1'), lineOf('m1 moved')].join(''));
      let pieces = 0;
      new Journal(path, { onPiece: () => pieces++ }).close();
      expect(pieces).toBe(1);
    });

    it('damage is counted once, also when a second reading is needed', () => {
      const ended: JournalEntry = { t: 'state', id: 'm1', at: 10, state: 'failed' };
      const again: JournalEntry = { t: 'state', id: 'm1', at: 40, state: 'queued' };
      const lines = [accept('m1'), ended, again].map((one) => `${JSON.stringify(one)}\n`);
      writeFileSync(path, [header, 'no line of ours\n', ...lines].join(''));
      const journal = new Journal(path, { keeping: { endedAfter: 20, atMost: 10, atMostBytes: 1e6 } });
      expect([...journal.index.all()].map(({ id }) => id)).toEqual(['m1']);
      expect(journal.damagedLines).toBe(1);
      journal.close();
    });

    it('a line that has become unreadable is passed over; without its first there is no message', () => {
      const journal = new Journal(path);
      const long = 'a reason that is long enough for whatever else comes to stand here, and a little longer than that';
      journal.append(accept('m1'));
      journal.append({ t: 'state', id: 'm1', state: 'leased', at: 1, reason: long });
      journal.append({ t: 'state', id: 'm1', state: 'queued', at: 2 });
      const indexed = journal.index.get('m1')!;
      const overwrite = (offset: number, bytes: number, text: string): void => {
        const fd = openSync(path, 'r+');
        writeSync(fd, text.padEnd(bytes), offset);
        closeSync(fd);
      };
      const [offset, bytes] = indexed.later as [number, number];
      for (const text of [
        'garbage',
        header.trim(),
        '{"t":"accept","message":{"id":"m1","state":"queued","recipient":{}}}',
      ]) {
        overwrite(offset, bytes, text);
        expect(
          journal.read(indexed)?.history.map(({ state }) => state),
          text,
        ).toEqual(['queued', 'queued']);
      }
      overwrite(indexed.offset, indexed.bytes, 'garbage');
      expect(journal.read(indexed)).toBeUndefined();
      journal.close();
    });

    it('a message is told as it stood before a place in the file', () => {
      const journal = new Journal(path);
      journal.append(accept('m1'));
      for (const state of ['leased', 'queued', 'leased'] as const)
        journal.append({ t: 'state', id: 'm1', state, at: 1 });
      const indexed = journal.index.get('m1')!;
      const statesBefore = (place?: number) => journal.read(indexed, place)?.history.map(({ state }) => state);
      expect(statesBefore()).toEqual(['queued', 'leased', 'queued', 'leased']);
      expect(statesBefore(indexed.later![2]! + 1)).toEqual(['queued', 'leased', 'queued']);
      expect(statesBefore(indexed.later![2])).toEqual(['queued', 'leased']);
      expect(statesBefore(0)).toEqual(['queued']);
      journal.close();
    });

    it('bytes are read as far as there are any', () => {
      const journal = new Journal(path);
      const into = Buffer.alloc(100);
      expect(journal.readBytes(into, header.length - 10)).toBe(10);
      expect(into.subarray(0, 11).toString()).toBe(`${header.slice(-10)}\0`);
      journal.close();
    });

    it('keeps of what has ended as many as it may', () => {
      const ended = (count: number): string[] =>
        Array.from({ length: count }, (_, index) => index).flatMap((index) => [
          lineOf(`m${index}`),
          `${JSON.stringify({ t: 'state', id: `m${index}`, at: 100 + index, state: 'failed' })}\n`,
        ]);
      const kept = (count: number, endedAfter = 0): number => {
        writeFileSync(path, [header, ...ended(count)].join(''));
        const journal = new Journal(path, { keeping: { endedAfter, atMost: 10, atMostBytes: 1e6 } });
        journal.close();
        return journal.index.endedCount;
      };
      expect([kept(9), kept(10), kept(11), kept(13)]).toEqual([9, 10, 10, 10]);
      // to the millisecond
      expect(kept(3, 101)).toBe(1);
    });

    it('says what the system said, and keeps its error', async () => {
      writeFileSync(path, header);
      const faults = new Set(['write']);
      const failing = new Journal(path, { disk: disk(faults) });
      const unwritable = { code: 'JOURNAL_UNWRITABLE', facts: 'EIO.', cause: expect.objectContaining({ code: 'EIO' }) };
      expect(() => failing.append(accept('m1'))).toThrow(expect.objectContaining(unwritable));
      faults.delete('write');
      faults.add('sync');
      await expect(failing.commit(accept('m2'))).rejects.toMatchObject(unwritable);
      failing.close();
    });

    it('runs what has to stand between two syncs after the one that is under way', async () => {
      const journal = new Journal(path);
      const order: string[] = [];
      journal.betweenSyncs(() => order.push('at once'));
      const committed = journal.commit(accept('m1')).then(() => order.push('committed'));
      journal.betweenSyncs(() => order.push('between'));
      order.push('asked');
      await committed;
      expect(order).toEqual(['at once', 'asked', 'between', 'committed']);
      journal.close();
    });

    it('nothing is written behind a torn end that could be neither cut off nor ended', () => {
      writeFileSync(path, `${header}{"t":"acc`);
      let newlineFails = true;
      const stubborn = new Journal(path, {
        disk: {
          ...disk(new Set(['truncate'])),
          writeSync: (fd, bytes, offset) => {
            if (newlineFails && bytes.length === 1) throw Object.assign(new Error('no'), { code: 'EIO' });
            return writeSync(fd, bytes, offset);
          },
        },
      });
      expect(() => stubborn.append(accept('m1'))).toThrow(expect.objectContaining({ code: 'JOURNAL_UNWRITABLE' }));
      expect(readFileSync(path, 'utf8')).toBe(`${header}{"t":"acc`);
      newlineFails = false;
      stubborn.append(accept('m2'));
      expect(readFileSync(path, 'utf8')).toBe(`${header}{"t":"acc\n${lineOf('m2')}`);
      expect(stubborn.read(stubborn.index.get('m2')!)).toEqual(aMessage('m2'));
      stubborn.close();
    });

    it.runIf(existsSync('/proc/self/fd'))('one file is open while it is, and none after it', async () => {
      const journal = new Journal(path, { disk: disk(new Set(['truncate'])) });
      journal.append(accept('m1'));
      expect(openOn(path)).toBe(1);
      // a shorter one takes its place: nothing is cut off there, and nothing put before the next line
      const next = join(dir, 'next');
      writeFileSync(next, header);
      journal.goOnIn(openSync(next, 'a+'), header.length, {
        oldEnd: journal.bytes,
        tailStart: header.length,
        places: [],
      });
      expect([openOn(path), openOn(next)]).toEqual([0, 1]);
      journal.append(accept('m2'));
      expect(readFileSync(next, 'utf8')).toBe(header + lineOf('m2'));
      const other = new Journal(path);
      other.close();
      expect(openOn(path)).toBe(0);
      const last = journal.commit(accept('m3'));
      journal.close();
      await last;
      expect([openOn(path), openOn(next)]).toEqual([0, 0]);
    });
  });
});
