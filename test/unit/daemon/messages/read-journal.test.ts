/** A journal that is read from its end gives what one gives that is read line by line from its front. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IndexedMessage, JournalIndex, type Keeping } from '../../../../src/daemon/messages/journal-index.ts';
import { headOf, journalHeader, lineOfMessage, parseLine } from '../../../../src/daemon/messages/journal-lines.ts';
import { applyEntry, type JournalEntry } from '../../../../src/daemon/messages/mailbox.ts';
import { readJournal } from '../../../../src/daemon/messages/read-journal.ts';
import type { MessageState } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const states: MessageState[] = ['leased', 'queued', 'delivered', 'answered', 'failed', 'cancelled', 'stuck'];

/** What the lines say one after the other; the oldest of what has ended is dropped at the end. */
function fromTheFront(text: string, keeping?: Keeping): IndexedMessage[] {
  const index = new JournalIndex();
  let offset = 0;
  for (const line of text.split('\n')) {
    const head = headOf(parseLine(line));
    const bytes = Buffer.byteLength(line);
    if (head !== undefined && head !== 'header') index.note(head, offset, bytes);
    offset += bytes + 1;
  }
  if (keeping) for (const one of [...index.beyond(keeping)]) index.drop(one);
  return [...index.all()];
}

const known = ({ id, offset, bytes, later, endedAt, to, from, key }: IndexedMessage) => {
  return { id, offset, bytes, later, endedAt, to, from, key };
};

describe(`a journal read from its end ${verifies('accepted-on-disk')}`, () => {
  let dir: string;
  let path: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-journal-'));
    path = join(dir, 'journal.ndjson');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function read(text: string, keeping?: Keeping): { index: JournalIndex; bytes: number; damagedLines: number } {
    writeFileSync(path, text);
    const fd = openSync(path, 'r');
    const index = new JournalIndex();
    try {
      return { index, ...readJournal(fd, Buffer.byteLength(text), index, { keeping }) };
    } finally {
      closeSync(fd);
    }
  }

  /** Some messages, each with some steps, all mixed: retried, refused, retold in one line, told twice, with no beginning, damaged. */
  function someJournal(random: () => number): string {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const lines: string[] = [JSON.stringify(journalHeader)];
    const ids = Array.from({ length: 12 }, (_, index) => (random() < 0.1 ? `mü${index}` : `m${index}`));
    const told = new Set<string>();
    const refused = new Set<string>();
    for (let at = 1; at < 60; at++) {
      const id = pick(ids);
      const line = (entry: JournalEntry): number => lines.push(JSON.stringify(entry));
      const dice = random();
      if (dice < 0.05) lines.push('{"t":"acc');
      else if (!told.has(id) && dice < 0.9) {
        told.add(id);
        const message = aMessage(id, { ...(random() < 0.3 && { key: `key ${id}` }) });
        if (random() < 0.3) {
          applyEntry(message, { t: 'state', id, at, state: 'answered' });
          lines.push(lineOfMessage({ t: 'accept', message }));
        } else line({ t: 'accept', message });
      } else if (dice < 0.15) line({ t: 'recipient', id, recipient: { id: `s${at}`, name: 'x', cwd: '/x' } });
      else if (dice < 0.18) {
        line({ t: 'state', id, at, state: 'cancelled', refused: true });
        refused.add(id);
      } else if (dice < 0.21 && !refused.has(id)) line({ t: 'accept', message: aMessage(id) });
      else line({ t: 'state', id, at, state: pick(states) });
    }
    return `${lines.join('\n')}\n`;
  }

  it('knows the same of every message', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const text = someJournal(seededRandom(seed));
      expect([...read(text).index.all()].map(known), `seed ${seed}`).toEqual(fromTheFront(text).map(known));
    }
  });

  it('keeps every open message, and of the ended ones the newest', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const text = someJournal(seededRandom(seed));
      const keeping = { endedAfter: seed % 20, atMost: seed % 5, atMostBytes: 1e6 };
      const { index } = read(text, keeping);
      const wanted = fromTheFront(text).filter(({ endedAt }) => endedAt === undefined);
      const open = [...index.all()].filter(({ endedAt }) => endedAt === undefined);
      expect(open.map(known), `seed ${seed}`).toEqual(wanted.map(known));
      expect(index.endedCount).toBeLessThanOrEqual(keeping.atMost);
      for (const { endedAt = Number.POSITIVE_INFINITY } of index.all()) expect(endedAt).toBeGreaterThan(seed % 20);
    }
  });

  it('takes a message that is told of twice for what its later lines say, though it is not kept', () => {
    const accept = JSON.stringify({ t: 'accept', message: aMessage('m1') });
    const end = JSON.stringify({ t: 'state', id: 'm1', at: 5, state: 'answered' });
    const text = `${JSON.stringify(journalHeader)}\n${accept}\n${accept}\n${end}\n`;
    expect([...read(text, { endedAfter: 10, atMost: 1, atMostBytes: 1 }).index.all()]).toEqual([]);
  });

  it('reads lines that are longer than a piece, and finds the end of the last whole one', () => {
    const long = 'ü'.repeat(1_200_000);
    const accepted = ['m1', 'm2', 'm3'].map((id) => ({ t: 'accept', message: aMessage(id, { body: long }) }));
    const whole = `${[journalHeader, ...accepted].map((one) => JSON.stringify(one)).join('\n')}\n`;
    const { index, bytes } = read(`${whole}{"t":"accept","message":${long}`);
    expect(bytes).toBe(Buffer.byteLength(whole));
    expect([...index.all()].map(known)).toEqual(fromTheFront(whole).map(known));
  });
});
