/** A journal that is read from its end gives what one gives that is read line by line from its front. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyEntry, type JournalEntry } from '../../../../src/daemon/messages/journal-entry.ts';
import { type IndexedMessage, JournalIndex, type Keeping } from '../../../../src/daemon/messages/journal-index.ts';
import { headOf, journalHeader, lineOfMessage, parseLine } from '../../../../src/daemon/messages/journal-lines.ts';
import { readJournal } from '../../../../src/daemon/messages/read-journal.ts';
import { SeenIds } from '../../../../src/daemon/messages/seen-ids.ts';
import type { MessageState } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const states: MessageState[] = ['leased', 'queued', 'delivered', 'answered', 'failed', 'cancelled', 'stuck'];

const header = JSON.stringify(journalHeader);
const accept = (id: string): string => JSON.stringify({ t: 'accept', message: aMessage(id, { key: `key ${id}` }) });
const state = (id: string, name: MessageState, at = 5): string => JSON.stringify({ t: 'state', id, at, state: name });
const refusal = (id: string): string => JSON.stringify({ t: 'state', id, at: 5, state: 'cancelled', refused: true });
const handedOn = (id: string): string =>
  JSON.stringify({ t: 'recipient', id, recipient: { id: 's2', name: 'x', cwd: '/x' } });
/** What a message that had ended became when the journal was made short. */
const retold = (id: string, at = 5): string => {
  const message = aMessage(id);
  applyEntry(message, { t: 'state', id, at, state: 'answered' });
  return lineOfMessage({ t: 'accept', message });
};
/** The same of one that was under way: its ends do not tell what it says, so that it has to be parsed. */
const retoldOpen = (id: string): string => {
  const message = aMessage(id);
  applyEntry(message, { t: 'state', id, at: 1, state: 'leased' });
  return lineOfMessage({ t: 'accept', message });
};
const journalOf = (...lines: string[]): string => `${[header, ...lines].join('\n')}\n`;

const everything: Keeping = { endedAfter: 0, atMost: 100, atMostBytes: 1e6 };
/** The two ways in which ended messages are not kept: they are too many, or too old. */
const keepingNone: Array<[string, Keeping]> = [
  ['because there are too many', { ...everything, atMost: 0 }],
  ['because they are too old', { ...everything, endedAfter: 5 }],
];

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

  function read(text: string, keeping?: Keeping) {
    writeFileSync(path, text);
    const fd = openSync(path, 'r');
    const index = new JournalIndex();
    const onPiece = vi.fn();
    try {
      const reading = readJournal(fd, Buffer.byteLength(text), index, { keeping, onPiece });
      return { index, ...reading, pieces: onPiece.mock.calls.length };
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

  const idsOf = (index: JournalIndex): string[] => [...index.all()].map(({ id }) => id);

  it.each(keepingNone)('keeps an open message whose id looks like one of what is not kept %s', (_why, keeping) => {
    const [open, ended, retoldEnded] = ['open1128', 'ended659583', 'ended635728'] as const;
    const seen = new SeenIds();
    seen.add(ended);
    expect(seen.mayHave(open)).toBe(false);
    seen.add(retoldEnded);
    expect(seen.mayHave(open), 'two ids in whose bits the third is found').toBe(true);

    for (const steps of [[handedOn(open)], [handedOn(open), state(open, 'leased', 6)]]) {
      // the first two tell nothing: one is damaged, the other has no beginning before it
      const before = ['{"t":"acc', state(open, 'answered', 4)];
      const later = [accept(ended), state(ended, 'answered'), retold(retoldEnded)];
      const text = journalOf(...before, accept(open), ...steps, ...later);
      const { index, damagedLines, pieces } = read(text, keeping);
      const wanted = fromTheFront(text).filter(({ id }) => id === open);
      expect(wanted).toMatchObject([{ endedAt: undefined, to: 's2', key: `key ${open}` }]);
      expect([...index.all()].map(known)).toEqual(wanted.map(known));
      expect(damagedLines).toBe(1);
      expect(pieces, 'once from the end, and once more to know').toBe(2);
    }
  });

  it.each(keepingNone)('reads once where nothing is told twice, though messages are not kept %s', (_why, keeping) => {
    const steps = (id: string) => [
      accept(id),
      state(id, 'leased', 2),
      state(id, 'delivered', 3),
      state(id, 'answered'),
    ];
    const { index, pieces } = read(journalOf(...steps('m1'), ...steps('m2'), accept('m3'), retold('m4')), keeping);
    expect(idsOf(index)).toEqual(['m3']);
    expect(pieces).toBe(1);
  });

  it('knows nothing of what was refused, which takes no place of what is kept', () => {
    const text = journalOf(accept('m1'), state('m1', 'answered'), accept('m2'), refusal('m2'));
    expect(idsOf(read(text, { ...everything, atMost: 1 }).index)).toEqual(['m1']);
    expect(idsOf(read(text).index)).toEqual(['m1']);
  });

  it.each(keepingNone)(
    'knows nothing of what was accepted twice and refused, beside ended ones not kept %s',
    (_why, keeping) => {
      expect(idsOf(read(journalOf(retold('m1'), accept('m2'), accept('m2'), refusal('m2')), keeping).index)).toEqual(
        [],
      );
    },
  );

  it('counts an ended message once that is told of twice', () => {
    const text = journalOf(retold('m1'), retold('m2'), accept('m3'), accept('m3'), state('m3', 'answered'));
    expect(idsOf(read(text, { ...everything, atMost: 2 }).index)).toEqual(['m2', 'm3']);
  });

  it('keeps of ended messages what fits into so many bytes of all their lines', () => {
    const newest = [accept('m3'), state('m3', 'answered')];
    const text = journalOf(retold('m1'), retold('m2'), ...newest);
    const atMostBytes = newest.join('').length;
    expect(idsOf(read(text, { ...everything, atMostBytes }).index)).toEqual(['m3']);
    // the one that goes beyond is there still, for the store to let go of
    expect(idsOf(read(text, { ...everything, atMostBytes: atMostBytes + 1 }).index)).toEqual(['m2', 'm3']);
  });

  it('parses no line of what is not kept', () => {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      const ended = (['answered', 'failed', 'expired', 'cancelled'] as const).map((end) => [
        retoldOpen(end),
        state(end, end),
      ]);
      const { index } = read(journalOf(...ended.flat()), { ...everything, atMost: 0 });
      expect(idsOf(index)).toEqual([]);
      expect(parse.mock.calls.map(([text]) => text)).toEqual([header]);

      parse.mockClear();
      const overtaken = [retoldOpen('m1'), state('m1', 'leased', 2), retold('m2'), state('m1', 'answered')];
      expect(idsOf(read(journalOf(...overtaken), { ...everything, atMost: 1 }).index)).toEqual(['m2']);
      expect(parse.mock.calls.map(([text]) => text)).toEqual([header]);
    } finally {
      parse.mockRestore();
    }
  });
});
