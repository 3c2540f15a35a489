import { describe, expect, it } from 'vitest';
import { WaitReasons } from '../../../../src/daemon/delivery/wait-reasons.ts';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import { Mailbox } from '../../../../src/daemon/messages/mailbox.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

function aPlace() {
  const clock = new TestClock();
  const table = new SessionTable(clock);
  const { session } = table.ensure({ pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' });
  session.turnEnded();
  const mailbox = new Mailbox();
  const absent = (id: string): string | undefined => (id === 'asleep00' ? 'its session to wake up' : undefined);
  const policy = { gatePatienceMs: 2000, typePeers: false };
  const waits = new WaitReasons({ table, store: { mailbox }, waysIn: new WaysIn(clock), clock, policy, absent });
  const add = (id: string, given: Parameters<typeof aMessage>[1] = {}): Message => {
    mailbox.accept(aMessage(id, { recipient: session.id, ...given }));
    return mailbox.get(id)!;
  };
  return { clock, session, mailbox, waits, add };
}

describe('why a message waits', () => {
  it('its time, its folder, what comes before it, its turn, its way in', () => {
    const { clock, session, mailbox, waits, add } = aPlace();
    expect(waits.of(add('m1', { recipient: null }))).toBe('a session to start in its folder');
    expect(waits.of(add('m0', { recipient: 'asleep00' }))).toBe('its session to wake up');
    expect(waits.of(add('m9', { recipient: 'nobody00' }))).toBe('a session to start in its folder');
    expect(waits.of(add('m2', { notBefore: clock.now + 1 }))).toBe('its time');
    const first = add('m3');
    expect(waits.of(first)).toBe('a way in (the session reports nothing)');
    session.hookHeard(false, null);
    expect(waits.of(first)).toBe('the next prompt');
    const second = add('m4');
    expect(waits.of(second)).toBe('message m3, which comes first');
    expect(waits.of(add('m5', { kind: 'note' }))).toBe('the next prompt');
    mailbox.move('m3', { state: 'leased', at: 1, route: 'wake' });
    expect(waits.of(second)).toBe('message m3, which comes first');
    mailbox.move('m3', { state: 'delivered', at: 2 });
    expect(waits.of(second)).toBe('the end of the turn');
    session.permissionAsked('Bash');
    expect(waits.of(add('m6', { kind: 'task', when: 'now' }))).toBe('message m4, which comes first');
  });

  it('nothing, once it is on its way, in, or over; but for a dialog in front of claude', () => {
    const { session, mailbox, waits, add } = aPlace();
    const message = add('m1');
    mailbox.move('m1', { state: 'leased', at: 1, route: 'inbox-socket' });
    expect(waits.of(message)).toBeUndefined();
    session.fileRead(aSessionFile({ status: 'waiting' }));
    expect(waits.of(message)).toMatch(/^a person at that session: claude asks them/);
    const typed = add('m2', { kind: 'note' });
    mailbox.move('m2', { state: 'leased', at: 1, route: 'paste' });
    expect(waits.of(typed)).toBeUndefined();
    session.messageLeft('m2');
    expect(waits.of(typed)).toMatch(/: a dialog came up over the message, which stands in the prompt box$/);
    session.fileRead(aSessionFile({ status: 'idle' }));
    expect(waits.of(typed)).toMatch(/: the message stands in the prompt box with something else; send it there/);
    session.messageLeft(null);
    expect(waits.of(typed)).toBeUndefined();
    mailbox.move('m1', { state: 'stuck', at: 2, unproven: true, reason: 'no proof' });
    expect(waits.of(message)).toBeUndefined();
  });
});
