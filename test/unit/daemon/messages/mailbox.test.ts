import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../../src/daemon/messages/journal-entry.ts';
import { Mailbox } from '../../../../src/daemon/messages/mailbox.ts';
import { isFinal, type Message, type MessageState, messageStates } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

/** Steps that lead a fresh message into each state. */
const wayTo: Record<MessageState, MessageState[]> = {
  queued: [],
  sent: ['sent'],
  arrived: ['sent', 'arrived'],
  leased: ['leased'],
  stuck: ['leased', 'stuck'],
  delivered: ['leased', 'delivered'],
  answered: ['leased', 'delivered', 'answered'],
  failed: ['failed'],
  expired: ['expired'],
  cancelled: ['cancelled'],
};

const mayFollow: Record<MessageState, MessageState[]> = {
  queued: ['sent', 'leased', 'stuck', 'delivered', 'failed', 'expired', 'cancelled'],
  sent: ['sent', 'queued', 'failed', 'expired', 'cancelled'],
  arrived: ['arrived', 'stuck', 'cancelled'],
  leased: ['queued', 'stuck', 'delivered', 'failed', 'expired', 'cancelled'],
  stuck: ['queued', 'delivered', 'cancelled'],
  delivered: ['answered', 'failed'],
  answered: [],
  failed: ['queued'],
  expired: ['queued'],
  cancelled: ['queued'],
};

function mailboxWith(...messages: Message[]): Mailbox {
  const mailbox = new Mailbox();
  for (const message of messages) mailbox.accept(message);
  return mailbox;
}

const idsFor = (mailbox: Mailbox, recipient: string): string[] => mailbox.openFor(recipient).map((one) => one.id);

describe('mailbox: states', () => {
  for (const from of messageStates) {
    for (const to of messageStates) {
      const isAllowed = mayFollow[from].includes(to);
      it(`${from} → ${to} is ${isAllowed ? 'a step' : 'refused'} ${verifies('exactly-once')}`, () => {
        const mailbox = mailboxWith(aMessage('m1'));
        for (const state of wayTo[from]) mailbox.move('m1', { state, at: 1, ...(state === 'arrived' && { rev: 1 }) });
        expect(mailbox.get('m1')?.state).toBe(from);
        const historyBefore = mailbox.get('m1')!.history.length;
        const entry = mailbox.move('m1', { state: to, at: 2 });
        expect(entry !== undefined).toBe(isAllowed);
        expect(mailbox.get('m1')?.state).toBe(isAllowed ? to : from);
        // what comes again and again stands there once
        const isFolded = from === to && ['sent', 'arrived'].includes(from);
        expect(mailbox.get('m1')?.history.length).toBe(historyBefore + (isAllowed && !isFolded ? 1 : 0));
      });
    }
  }

  it('refuses to move a message it does not know', () => {
    expect(new Mailbox().move('m9', { state: 'leased', at: 1 })).toBeUndefined();
  });

  it('keeps route, deadline, reason, prompt id and answer of the current step, and counts leases', () => {
    const mailbox = mailboxWith(aMessage('m1'));
    mailbox.move('m1', { state: 'leased', at: 10, route: 'paste', leaseDeadline: 40 });
    expect(mailbox.get('m1')).toMatchObject({ state: 'leased', route: 'paste', leaseDeadline: 40, attempts: 1 });
    mailbox.move('m1', { state: 'queued', at: 41, reason: 'no proof' });
    expect(mailbox.get('m1')).toMatchObject({ state: 'queued', reason: 'no proof', attempts: 1 });
    expect(mailbox.get('m1')).not.toHaveProperty('route');
    expect(mailbox.get('m1')).not.toHaveProperty('leaseDeadline');
    mailbox.move('m1', { state: 'leased', at: 50, route: 'turn-end', leaseDeadline: 90 });
    expect(mailbox.get('m1')).not.toHaveProperty('reason');
    mailbox.move('m1', { state: 'delivered', at: 60, promptId: 'p1' });
    expect(mailbox.get('m1')).toMatchObject({ route: 'turn-end', promptId: 'p1', attempts: 2 });
    expect(mailbox.get('m1')).not.toHaveProperty('leaseDeadline');
    mailbox.move('m1', { state: 'answered', at: 70, answer: 'done' });
    expect(mailbox.get('m1')?.answer).toBe('done');
    expect(mailbox.get('m1')?.history.map(({ state, at }) => [state, at])).toEqual([
      ['queued', 0],
      ['leased', 10],
      ['queued', 41],
      ['leased', 50],
      ['delivered', 60],
      ['answered', 70],
    ]);
  });
});

describe('mailbox: what could not be proven', () => {
  const unproven = true;

  it(`counts the tries that may have gone in, and forgets them when a person retries ${verifies('no-endless-repeat')}`, () => {
    const mailbox = mailboxWith(aMessage('m1', { notBefore: 5, expiresAt: 1000 }));
    mailbox.move('m1', { state: 'leased', at: 10, route: 'paste' });
    mailbox.move('m1', { state: 'queued', at: 20, reason: 'prompt box: draft' });
    expect(mailbox.get('m1')).not.toHaveProperty('unproven');
    mailbox.move('m1', { state: 'leased', at: 30, route: 'paste' });
    mailbox.move('m1', { state: 'queued', at: 40, unproven });
    mailbox.move('m1', { state: 'leased', at: 50, route: 'wake' });
    mailbox.move('m1', { state: 'stuck', at: 60, unproven, reason: 'no proof' });
    const tries = [
      { route: 'paste', lease: 2, session: 's1' },
      { route: 'wake', lease: 3, session: 's1' },
    ];
    expect(mailbox.get('m1')).toMatchObject({ state: 'stuck', reason: 'no proof', unproven: tries, expiresAt: 1000 });
    expect(mailbox.countOpen('s1', 'stuck')).toBe(1);
    expect(mailbox.pendingFor('s1')).toBe(0);
    mailbox.move('m1', { state: 'queued', at: 70, reason: 'retried by hand' });
    expect(mailbox.get('m1')).toMatchObject({ state: 'queued', retriedAt: 70, attempts: 3 });
    for (const field of ['unproven', 'expiresAt', 'notBefore']) expect(mailbox.get('m1')).not.toHaveProperty(field);
  });

  it(`a journal says the same again after a restart ${verifies('no-endless-repeat')}`, () => {
    const mailbox = mailboxWith(aMessage('m1'));
    const entries = [
      mailbox.move('m1', { state: 'leased', at: 1, route: 'wake' })!,
      mailbox.move('m1', { state: 'stuck', at: 2, unproven, reason: 'no proof' })!,
    ];
    const restarted = mailboxWith(aMessage('m1'));
    for (const entry of JSON.parse(JSON.stringify(entries)) as JournalEntry[]) restarted.apply(entry);
    expect(restarted.get('m1')).toEqual(mailbox.get('m1'));
  });
});

describe('mailbox: a history', () => {
  const refuse = (mailbox: Mailbox, at: number, reason: string): void => {
    mailbox.move('m1', { state: 'leased', at, route: 'inbox-socket' });
    mailbox.move('m1', { state: 'queued', at: at + 1, reason });
  };

  it('says once what happens again and again, with how often and until when', () => {
    const mailbox = mailboxWith(aMessage('m1'));
    for (let at = 10; at < 1010; at += 10) refuse(mailbox, at, 'unreachable');
    refuse(mailbox, 2000, 'draft');
    mailbox.move('m1', { state: 'leased', at: 3000, route: 'paste' });
    const repeated = { times: 100, route: 'inbox-socket' };
    expect(mailbox.get('m1')!.history).toEqual([
      { state: 'queued', at: 0 },
      { state: 'leased', at: 10, lastAt: 1000, ...repeated },
      { state: 'queued', at: 11, lastAt: 1001, times: 100, reason: 'unreachable' },
      { state: 'leased', at: 2000, route: 'inbox-socket' },
      { state: 'queued', at: 2001, reason: 'draft' },
      { state: 'leased', at: 3000, route: 'paste' },
    ]);
    expect(mailbox.get('m1')!.attempts).toBe(102);
  });

  it('is bounded, also one that an older claudex let grow; the acceptance and the newest stay', () => {
    const mailbox = mailboxWith(aMessage('m1'));
    for (let at = 10; at < 5000; at += 10) refuse(mailbox, at, `reason ${at}`);
    const { history } = mailbox.get('m1')!;
    expect(history).toHaveLength(100);
    expect(history[0]).toEqual({ state: 'queued', at: 0 });
    expect(history.at(-1)).toMatchObject({ reason: 'reason 4990' });
    const grown = Array.from({ length: 35_000 }, (_, at) => ({ state: 'leased' as const, at }));
    expect(mailboxWith(aMessage('m2', { history: grown })).get('m2')!.history).toHaveLength(100);
  });
});

describe('mailbox: order and addresses', () => {
  it(`keeps the order of acceptance, whatever was taken and given back ${verifies('order-kept')}`, () => {
    const mailbox = mailboxWith(aMessage('m1'), aMessage('m2'), aMessage('m3'));
    mailbox.move('m1', { state: 'leased', at: 1 });
    mailbox.move('m1', { state: 'queued', at: 2 });
    expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm2', 'm3']);
    mailbox.move('m2', { state: 'cancelled', at: 3 });
    expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm3']);
    mailbox.move('m2', { state: 'queued', at: 4 });
    expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm2', 'm3']);
  });

  it(`keeps the order of acceptance when the clock stood still or went backwards ${verifies('order-kept')}`, () => {
    const mailbox = mailboxWith(
      aMessage('m1', { acceptedAt: 100 }),
      aMessage('m2', { acceptedAt: 50 }),
      aMessage('m3', { acceptedAt: 50 }),
    );
    for (const id of ['m2', 'm1', 'm3']) {
      mailbox.move(id, { state: 'leased', at: 1 });
      mailbox.move(id, { state: 'queued', at: 2 });
      expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm2', 'm3']);
    }
  });

  it(`keeps the order through an address change ${verifies('order-kept', 'hold')}`, () => {
    const mailbox = mailboxWith(aMessage('m1'), aMessage('m2'), aMessage('m3', { recipient: 's2' }));
    for (const id of ['m2', 'm1']) mailbox.readdress(id, { id: null, name: 'api', cwd: '/work/api' });
    expect(idsFor(mailbox, 's1')).toEqual([]);
    expect(mailbox.homeless().map((one) => one.id)).toEqual(['m1', 'm2']);
    for (const id of ['m2', 'm1']) mailbox.readdress(id, { id: 's2', name: 'api', cwd: '/work/api' });
    expect(mailbox.homeless()).toEqual([]);
    expect(idsFor(mailbox, 's2')).toEqual(['m1', 'm2', 'm3']);
  });

  it(`keeps the order and its counts through 5,000 random steps ${verifies('order-kept')}`, () => {
    const random = seededRandom(7);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const recipients = ['s1', 's2', null];
    const mailbox = new Mailbox();
    const accepted: Message[] = [];
    for (let step = 0; step < 5000; step++) {
      if (accepted.length === 0 || random() < 0.1) {
        const message = aMessage(`m${accepted.length}`, { recipient: pick(['s1', 's2']) });
        mailbox.accept(message);
        accepted.push(message);
      } else if (random() < 0.2) {
        mailbox.readdress(pick(accepted).id, { id: pick(recipients), name: 'api', cwd: '/work/api' });
      } else {
        mailbox.move(pick(accepted).id, { state: pick(messageStates), at: step });
      }
    }
    expect(accepted.some((one) => isFinal(one.state)) && accepted.some((one) => !isFinal(one.state))).toBe(true);
    for (const id of recipients) {
      const open = accepted.filter((one) => one.recipient.id === id && !isFinal(one.state));
      expect(idsFor(mailbox, id ?? '')).toEqual(open.map((one) => one.id));
      for (const state of messageStates.filter((one) => !isFinal(one))) {
        expect(mailbox.countOpen(id ?? '', state)).toBe(open.filter((one) => one.state === state).length);
      }
    }
  });

  it('accepts a message once, whatever a damaged journal repeats', () => {
    const mailbox = mailboxWith(aMessage('m1'), aMessage('m2'));
    mailbox.move('m1', { state: 'leased', at: 1 });
    mailbox.apply({ t: 'accept', message: aMessage('m1') });
    expect(mailbox.get('m1')!.state).toBe('leased');
    expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm2']);
  });

  it('counts as pending what is not delivered yet', () => {
    const mailbox = mailboxWith(aMessage('m1'), aMessage('m2'), aMessage('m3', { recipient: 's2' }));
    expect([mailbox.pendingFor('s1'), mailbox.pendingFor('s2'), mailbox.pendingTotal()]).toEqual([2, 1, 3]);
    mailbox.move('m1', { state: 'leased', at: 1 });
    expect(mailbox.pendingFor('s1')).toBe(2);
    mailbox.move('m1', { state: 'delivered', at: 1 });
    expect([mailbox.pendingFor('s1'), mailbox.pendingTotal()]).toEqual([1, 2]);
    expect(idsFor(mailbox, 's1')).toEqual(['m1', 'm2']);
  });
});

describe('mailbox: keys and replay', () => {
  it(`finds the first message of a key, until it is forgotten ${verifies('exactly-once')}`, () => {
    const mailbox = mailboxWith(aMessage('m1', { key: 'k' }));
    expect(mailbox.byKey('k')?.id).toBe('m1');
    expect(mailbox.byKey('other')).toBeUndefined();
    mailbox.forget('m1');
    expect(mailbox.byKey('k')?.id).toBe('m1');
    mailbox.move('m1', { state: 'cancelled', at: 1 });
    expect(mailbox.byKey('k')?.id).toBe('m1');
    mailbox.forget('m1');
    expect(mailbox.byKey('k')).toBeUndefined();
    expect(mailbox.all()).toEqual([]);
  });

  it(`says the same after a replay of its journal ${verifies('exactly-once', 'accepted-on-disk')}`, () => {
    const mailbox = new Mailbox();
    const lines: string[] = [];
    const keep = (entry: JournalEntry | undefined): void => {
      lines.push(JSON.stringify(entry));
    };
    for (const id of ['m1', 'm2', 'm3', 'm4']) keep(mailbox.accept(aMessage(id, { key: `key ${id}` })));
    keep(mailbox.move('m1', { state: 'leased', at: 1, route: 'paste', leaseDeadline: 30 }));
    keep(mailbox.move('m1', { state: 'delivered', at: 2, promptId: 'p' }));
    keep(mailbox.move('m2', { state: 'cancelled', at: 3 }));
    keep(mailbox.move('m2', { state: 'queued', at: 4, reason: 'retried by hand' }));
    keep(mailbox.readdress('m3', { id: null, name: 'api', cwd: '/work/api' }));
    keep(mailbox.move('m4', { state: 'failed', at: 5, reason: 'because' }));
    const replayed = new Mailbox();
    for (const line of lines) replayed.apply(JSON.parse(line) as JournalEntry);
    expect(replayed.all()).toEqual(mailbox.all());
    expect(idsFor(replayed, 's1')).toEqual(['m1', 'm2']);
    expect(replayed.homeless().map((one) => one.id)).toEqual(['m3']);
    expect(replayed.byKey('key m4')?.state).toBe('failed');
  });

  it('ignores what a compacted journal says of a message it no longer has', () => {
    const mailbox = new Mailbox();
    mailbox.apply({ t: 'state', id: 'm1', state: 'leased', at: 1 });
    mailbox.apply({ t: 'recipient', id: 'm1', recipient: { id: 's1', name: 'a', cwd: '/a' } });
    expect(mailbox.all()).toEqual([]);
    expect(mailbox.pendingTotal()).toBe(0);
  });

  it('knows the final states', () => {
    expect(messageStates.filter(isFinal)).toEqual(['answered', 'failed', 'expired', 'cancelled']);
  });
});

describe('mailbox: what is left alone', () => {
  it('counts what waits for one recipient, and of what nobody knows whether it went in', () => {
    const mailbox = mailboxWith(aMessage('m1'), aMessage('m2'), aMessage('m3'), aMessage('m4', { recipient: 's2' }));
    mailbox.move('m1', { state: 'leased', at: 1, route: 'paste' });
    mailbox.move('m2', { state: 'stuck', at: 1 });
    expect(mailbox.waitingFor('s1')).toEqual({ pending: 2, stuck: 1 });
    expect(mailbox.waitingFor('s2')).toEqual({ pending: 1, stuck: 0 });
    expect(mailbox.waitingFor('s3')).toEqual({ pending: 0, stuck: 0 });
  });

  it('a message that is there is not restored over itself', () => {
    const mailbox = mailboxWith(aMessage('m1'));
    mailbox.move('m1', { state: 'leased', at: 1, route: 'paste' });
    const bytes = mailbox.openBytes;
    mailbox.restore(aMessage('m1'), 7);
    expect(idsFor(mailbox, 's1')).toEqual(['m1']);
    expect(mailbox.get('m1')?.state).toBe('leased');
    expect(mailbox.openBytes).toBe(bytes);
  });

  it('what is accepted after a restart comes after all that was restored, in whatever order that was', () => {
    const mailbox = new Mailbox();
    mailbox.restore(aMessage('m1'), 10);
    mailbox.restore(aMessage('m2'), 4);
    mailbox.accept(aMessage('m3'));
    mailbox.accept(aMessage('m4'));
    expect(idsFor(mailbox, 's1')).toEqual(['m2', 'm1', 'm3', 'm4']);
  });

  it('a late proof is no retry: what was tried stays known', () => {
    const mailbox = mailboxWith(aMessage('m1', { expiresAt: 99 }));
    mailbox.move('m1', { state: 'leased', at: 1, route: 'paste' });
    mailbox.move('m1', { state: 'stuck', at: 2, unproven: true });
    expect(mailbox.get('m1')).not.toHaveProperty('route');
    mailbox.move('m1', { state: 'delivered', at: 3, promptId: 'p1' });
    const unproven = [{ route: 'paste', lease: 1, session: 's1' }];
    expect(mailbox.get('m1')).toMatchObject({ state: 'delivered', unproven, expiresAt: 99 });
    expect(mailbox.get('m1')).not.toHaveProperty('retriedAt');
    expect(mailbox.get('m1')).not.toHaveProperty('answer');
  });

  it('what was on no way has been tried by none', () => {
    const mailbox = mailboxWith(aMessage('m1'));
    mailbox.move('m1', { state: 'stuck', at: 1, unproven: true });
    expect(mailbox.get('m1')).not.toHaveProperty('unproven');
  });
});
