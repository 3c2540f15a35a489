import { describe, expect, it } from 'vitest';
import { chainOf, type PeerPolicy, PeerRules, type PeerSend } from '../../../../src/daemon/delivery/peer-rules.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

const open: PeerPolicy = { allow: 'all', maxHops: 8, perMinute: 3 };
const front = { id: 'front', cwd: '/work/front', peersOff: false };
const back = { id: 'back', cwd: '/work/back', peersOff: false };

function aSend(given: Partial<PeerSend> = {}): PeerSend {
  const sender = { kind: 'peer' as const, label: 'session front', id: 'front' };
  return { sender, from: front, to: back, toCwd: given.to?.cwd ?? back.cwd, hops: 0, ...given };
}
const program = { kind: 'peer' as const, label: 'cron', cwd: '/work' };
const person = { kind: 'user' as const, label: 'me' };

describe(`who may message whom ${verifies('peer-rules')}`, () => {
  it('none: no session and no program, but the person', () => {
    const rules = new PeerRules({ ...open, allow: 'none' });
    expect(() => rules.check(aSend(), 0)).toThrow(expect.objectContaining({ code: 'PEERS_NOT_ALLOWED' }));
    expect(() => rules.check(aSend({ sender: program, from: undefined }), 0)).toThrow('peers.allow is none');
    rules.check(aSend({ sender: person, from: undefined }), 0);
  });

  it.each([
    ['/work/app', '/work/app', true],
    ['/work/app', '/work/app/server', true],
    ['/work/app/server', '/work/app', true],
    ['/work', '/work/app/server', true],
    ['/', '/work', true],
    ['/work/app', '/work/application', false],
    ['/work/front', '/work/back', false],
  ])('same-tree: %s to %s is %s', (from, to, allowed) => {
    const rules = new PeerRules({ ...open, allow: 'same-tree' });
    const send = aSend({ from: { ...front, cwd: from }, to: { ...back, cwd: to } });
    if (allowed) rules.check(send, 0);
    else expect(() => rules.check(send, 0)).toThrow(expect.objectContaining({ code: 'PEERS_NOT_ALLOWED' }));
  });

  it('same-tree: a program is where it runs, and nowhere when that is not known', () => {
    const rules = new PeerRules({ ...open, allow: 'same-tree' });
    rules.check(aSend({ sender: program, from: undefined }), 0);
    const unknown = aSend({ sender: { kind: 'peer', label: 'api client' }, from: undefined });
    expect(() => rules.check(unknown, 0)).toThrow('no known folder');
  });

  it('CLAUDEX_PEERS=off: neither to it nor from it, but from the person', () => {
    const rules = new PeerRules(open);
    const off = { ...back, peersOff: true };
    expect(() => rules.check(aSend({ to: off }), 0)).toThrow('Session back was started with CLAUDEX_PEERS=off');
    expect(() => rules.check(aSend({ from: { ...front, peersOff: true } }), 0)).toThrow('This session');
    rules.check(aSend({ sender: person, from: undefined, to: off }), 0);
  });
});

describe(`damping ${verifies('peer-rules')}`, () => {
  it('allows as many hops as the setting says', () => {
    const rules = new PeerRules({ ...open, maxHops: 2 });
    rules.check(aSend({ hops: 2 }), 0);
    expect(() => rules.check(aSend({ hops: 3 }), 0)).toThrow(expect.objectContaining({ code: 'TOO_MANY_HOPS' }));
  });

  it('counts each pair by itself, over a minute that moves on, and says when to try again', () => {
    const rules = new PeerRules(open);
    for (const at of [0, 10_000, 20_000]) rules.check(aSend(), at);
    expect(() => rules.check(aSend(), 30_000)).toThrow('3 within a minute; the next one in 30 s');
    rules.check(aSend({ to: { ...back, id: 'other' } }), 30_000);
    rules.check(aSend({ from: back, to: front }), 30_000);
    rules.check(aSend(), 60_001);
    expect(() => rules.check(aSend(), 60_002)).toThrow(expect.objectContaining({ code: 'PEER_RATE_LIMIT' }));
  });

  it('does not count programs', () => {
    const rules = new PeerRules(open);
    for (let count = 0; count < 10; count++) rules.check(aSend({ sender: program, from: undefined }), 0);
  });
});

describe(`what a message comes from ${verifies('peer-rules')}`, () => {
  const from = (id: string, given = {}) =>
    aMessage(`m-${id}`, { sender: { kind: 'peer', label: id, id }, state: 'delivered', ...given });

  it('nothing in hand, or only the person’s: a chain begins', () => {
    expect(chainOf([], 'back')).toEqual({ hops: 0 });
    expect(chainOf([aMessage('m1', { state: 'delivered' })], 'back')).toEqual({ hops: 0 });
  });

  it('back to who woke it: an answer, one hop further', () => {
    expect(chainOf([from('back', { hops: 4 })], 'back')).toEqual({ hops: 5, replyTo: 'm-back' });
  });

  it('to somebody else: one hop further, and no answer', () => {
    expect(chainOf([from('back')], 'third')).toEqual({ hops: 1 });
    expect(chainOf([from('back')], null)).toEqual({ hops: 1 });
  });

  it('a task goes before a note, the longest chain counts', () => {
    const note = aMessage('m-note', { sender: { kind: 'peer', label: 'back', id: 'back' }, kind: 'note', hops: 6 });
    expect(chainOf([from('back'), note], 'back')).toEqual({ hops: 7, replyTo: 'm-back' });
    expect(chainOf([note], 'back')).toEqual({ hops: 7, replyTo: 'm-note' });
  });
});
