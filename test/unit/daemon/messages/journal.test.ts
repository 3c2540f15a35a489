import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, readJournal, rewriteJournal } from '../../../../src/daemon/messages/journal.ts';
import type { JournalEntry } from '../../../../src/daemon/messages/mailbox.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

const header = '{"journal":"claudex","version":1}\n';
const accept = (id: string): JournalEntry => ({ t: 'accept', message: aMessage(id) });
const moved = (id: string): JournalEntry => ({ t: 'state', id, state: 'leased', at: 1 });

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
    expect(readJournal(path)).toEqual({
      entries: [accept('m1'), moved('m1'), accept('m2'), accept('m3'), accept('m4')],
      damagedLines: 0,
    });
    expect(readFileSync(path, 'utf8').startsWith(header)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has committed what was under way when it is closed', async () => {
    const journal = new Journal(path);
    const first = journal.commit(accept('m1'));
    journal.close();
    await first;
    expect(readJournal(path).entries).toEqual([accept('m1')]);
  });

  it('goes on in a journal that is there, with one header', () => {
    for (const id of ['m1', 'm2']) {
      const journal = new Journal(path);
      journal.append(accept(id));
      journal.close();
    }
    expect(readFileSync(path, 'utf8').split('"journal"').length - 1).toBe(1);
    expect(readJournal(path).entries).toEqual([accept('m1'), accept('m2')]);
  });

  it('is empty when there is none', () => {
    expect(readJournal(path)).toEqual({ entries: [], damagedLines: 0 });
    expect(existsSync(path)).toBe(false);
  });

  it(`cuts a torn last line off, wherever it was torn ${verifies('accepted-on-disk')}`, () => {
    const whole = `${header}${JSON.stringify(accept('m1'))}\n`;
    const last = JSON.stringify(accept('münchen'));
    const bytes = Buffer.from(last);
    for (let cut = 1; cut <= bytes.length; cut++) {
      writeFileSync(path, Buffer.concat([Buffer.from(whole), bytes.subarray(0, cut)]));
      expect(readJournal(path)).toEqual({ entries: [accept('m1')], damagedLines: 0 });
      expect(readFileSync(path, 'utf8')).toBe(whole);
    }
  });

  it('writes a new header after a journal torn in its first line', () => {
    writeFileSync(path, header.slice(0, 9));
    expect(readJournal(path)).toEqual({ entries: [], damagedLines: 0 });
    const journal = new Journal(path);
    journal.append(accept('m1'));
    journal.close();
    expect(readFileSync(path, 'utf8').startsWith(header)).toBe(true);
  });

  it(`counts a damaged line in the middle and keeps the rest ${verifies('accepted-on-disk')}`, () => {
    const lines = [JSON.stringify(accept('m1')), '\0\0\0\0', '{"t":"acc', JSON.stringify(accept('m2'))];
    writeFileSync(path, `${header}${lines.join('\n')}\n`);
    expect(readJournal(path)).toEqual({ entries: [accept('m1'), accept('m2')], damagedLines: 2 });
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
    expect(readJournal(path)).toEqual({ entries: [accept('m2')], damagedLines: 1 });
  });

  it('refuses a journal of a newer format and leaves it alone', () => {
    const text = `{"journal":"claudex","version":2}\n${JSON.stringify(accept('m1'))}\n`;
    writeFileSync(path, text);
    expect(() => readJournal(path)).toThrow(
      expect.objectContaining({ code: 'DAEMON_START_FAILED', facts: expect.stringContaining('format 2') }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is replaced whole by a rewrite, with mode 0600 and nothing left beside it', () => {
    writeFileSync(path, `${header}${JSON.stringify(accept('m1'))}\n`.repeat(5));
    rewriteJournal(path, [accept('m2')]);
    expect(readFileSync(path, 'utf8')).toBe(`${header}${JSON.stringify(accept('m2'))}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['journal.ndjson']);
  });

  it('keeps the old journal when a rewrite fails', () => {
    const target = join(dir, 'gone', 'journal.ndjson');
    expect(() => rewriteJournal(target, [accept('m2')])).toThrow();
    expect(existsSync(join(dir, 'gone'))).toBe(false);
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
    expect(readJournal(path).entries).toEqual([accept('m1')]);
    journal.append(accept('m2'));
    journal.close();
    expect(readJournal(path)).toEqual({ entries: [accept('m1'), accept('m2')], damagedLines: 0 });
  });
});
