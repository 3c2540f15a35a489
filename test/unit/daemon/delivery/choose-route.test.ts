/** The whole table: every state × moment × message × offer, checked against the policy as docs/delivery.md words it. */
import { describe, expect, it } from 'vitest';
import { chooseRoute, type Moment, type SessionSituation } from '../../../../src/daemon/delivery/choose-route.ts';
import type { Message, Route } from '../../../../src/protocol/message.ts';
import { routes } from '../../../../src/protocol/message.ts';
import type { SessionState } from '../../../../src/protocol/session.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

interface Case {
  state: SessionState;
  moment: Moment;
  kind: Message['kind'];
  when: Message['when'];
  sender: Message['sender']['kind'];
  supervised: boolean;
  socket: boolean;
  waiter: boolean;
  /** `shut`: for less than the patience; `long-shut`: for as long as the patience. */
  gate: 'open' | 'shut' | 'long-shut';
  typePeers: boolean;
}

const each = {
  state: ['starting', 'idle', 'busy', 'waiting', 'gone'],
  moment: ['now', 'prompt-hook', 'stop-hook'],
  kind: ['task', 'note'],
  when: ['idle', 'now'],
  sender: ['user', 'peer'],
  supervised: [true, false],
  socket: [true, false],
  waiter: [true, false],
  gate: ['open', 'shut', 'long-shut'],
  typePeers: [false, true],
} as const;

function allCases(): Case[] {
  let cases: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(each)) {
    cases = cases.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return cases as unknown as Case[];
}

const mayType = (one: Case): boolean => one.supervised && (one.sender === 'user' || one.typePeers);
const hasOther = (one: Case): boolean => one.socket || one.waiter;

/** First fitting row decides. */
const table: Array<[rule: string, fits: (one: Case) => boolean, decision: Route | 'wait']> = [
  ['nothing goes into a session that has ended', ({ state }) => state === 'gone', 'wait'],
  ['a note rides along with a prompt', (c) => c.kind === 'note' && c.moment === 'prompt-hook', 'next-prompt'],
  ['a note waits otherwise', ({ kind }) => kind === 'note', 'wait'],
  [
    'a task rides along with a prompt only where nothing better is on offer',
    (c) => c.moment === 'prompt-hook' && !mayType(c) && !hasOther(c),
    'next-prompt',
  ],
  ['else it lets that turn go by', ({ moment }) => moment === 'prompt-hook', 'wait'],
  [
    'turn end is for sessions with nothing better',
    (c) => c.moment === 'stop-hook' && !mayType(c) && !hasOther(c),
    'turn-end',
  ],
  ['and for what should go in at once', (c) => c.moment === 'stop-hook' && c.when === 'now' && !c.socket, 'turn-end'],
  ['else the prompt box comes next', ({ moment }) => moment === 'stop-hook', 'wait'],
  ['a session that starts', ({ state }) => state === 'starting', 'wait'],
  ['a session that waits on a person keeps the task waiting', ({ state }) => state === 'waiting', 'wait'],
  ['mid-turn goes by the socket', (c) => c.state === 'busy' && c.when === 'now' && c.socket, 'inbox-socket'],
  ['busy is not shut: the turn ends first', ({ state }) => state === 'busy', 'wait'],
  ['the user is typed', (c) => mayType(c) && c.gate === 'open', 'paste'],
  ['a shut gate has its patience', (c) => mayType(c) && c.gate === 'shut', 'wait'],
  ['a gate shut for long and nothing else: wait', (c) => mayType(c) && !hasOther(c), 'wait'],
  ['then the socket', ({ socket }) => socket, 'inbox-socket'],
  ['then a waiter', ({ waiter }) => waiter, 'wake'],
  ['nothing on offer', () => true, 'wait'],
];

const gatePatienceMs = 2000;
const shutForMs = { open: undefined, shut: 500, 'long-shut': gatePatienceMs };

function situation(one: Case): SessionSituation {
  return {
    state: one.state,
    isEnding: false,
    supervised: one.supervised,
    supervisorDueInMs: undefined,
    gateShutForMs: shutForMs[one.gate],
    gateOpenForMs: undefined,
    hasInboxSocket: one.socket,
    holdsPeers: false,
    hasWaiter: one.waiter,
    waiterComes: one.waiter,
    hasHooks: true,
  };
}

const recipient = { id: 's1', name: 'api', cwd: '/work/api' };

function decide(one: Case, forcedRoute?: Route) {
  return chooseRoute(
    situation(one),
    {
      kind: one.kind,
      when: one.when,
      sender: { kind: one.sender, label: 'x' },
      recipient,
      ...(forcedRoute !== undefined && { forcedRoute }),
    },
    one.moment,
    { gatePatienceMs, typePeers: one.typePeers },
  );
}

const said = (decision: ReturnType<typeof decide>): string => ('route' in decision ? decision.route : 'wait');

describe(`choose-route ${verifies('routes')}`, () => {
  for (const [index, [rule, , expected]] of table.entries()) {
    it(`${rule}: ${expected}`, () => {
      const cases = allCases().filter((one) => table.findIndex(([, fits]) => fits(one)) === index);
      expect(cases.length).toBeGreaterThan(0);
      const wrong = cases.filter((one) => said(decide(one)) !== expected);
      expect(wrong.slice(0, 3).map((one) => ({ ...one, decided: decide(one) }))).toEqual([]);
    });
  }

  it(`never types for a peer, never into anything but an idle session ${verifies('dialog')}`, () => {
    const typed = allCases().filter((one) => said(decide(one)) === 'paste');
    expect(typed.length).toBeGreaterThan(0);
    for (const one of typed) {
      expect(one).toMatchObject({ state: 'idle', moment: 'now', supervised: true, gate: 'open' });
      expect(one.sender === 'user' || one.typePeers).toBe(true);
    }
  });

  it('a forced route is taken or nothing is', () => {
    for (const forced of routes) {
      const decided = new Set(allCases().map((one) => said(decide(one, forced))));
      // nobody but the session itself takes what waits for it to read its inbox
      expect([...decided].sort()).toEqual(forced === 'inbox-read' ? ['wait'] : [forced, 'wait'].sort());
    }
  });

  it('a forced route never goes in where its session may not be spoken to', () => {
    for (const forced of routes) {
      for (const one of allCases()) {
        if (one.state !== 'gone' && !(one.moment === 'now' && ['starting', 'waiting'].includes(one.state))) continue;
        expect(said(decide(one, forced)), `${forced} ${JSON.stringify(one)}`).toBe('wait');
      }
    }
  });

  it('nothing goes into a session that was asked to end, whatever the way', () => {
    const decisions = allCases().map((one) => {
      const { kind, when, sender, moment, typePeers } = one;
      const message = { kind, when, sender: { kind: sender, label: 'x' }, recipient } as const;
      return chooseRoute({ ...situation(one), isEnding: true }, message, moment, { gatePatienceMs, typePeers });
    });
    expect(decisions.filter((one) => !('wait' in one))).toEqual([]);
  });

  it('says when to ask again while the gate is shut, and only where another way exists', () => {
    const base: Case = {
      state: 'idle',
      moment: 'now',
      kind: 'task',
      when: 'idle',
      sender: 'user',
      supervised: true,
      socket: false,
      waiter: true,
      gate: 'shut',
      typePeers: false,
    };
    expect(decide(base)).toEqual({ wait: 'an empty prompt box', retryInMs: 1500 });
    expect(decide({ ...base, waiter: false })).toEqual({ wait: 'an empty prompt box' });
    expect(decide({ ...base, gate: 'long-shut' })).toEqual({ route: 'wake' });
  });

  it('names what a session lacks that reports nothing', () => {
    const bare = { ...situation({ ...allCases()[0]!, state: 'idle' }), supervised: false, hasInboxSocket: false };
    const task = { kind: 'task', when: 'idle', sender: { kind: 'user', label: 'x' }, recipient } as const;
    expect(chooseRoute({ ...bare, hasWaiter: false }, task, 'now', { gatePatienceMs, typePeers: false })).toEqual({
      wait: 'the next prompt',
      needsPerson: true,
      noWay: true,
    });
    expect(
      chooseRoute({ ...bare, hasWaiter: false, hasHooks: false }, task, 'now', { gatePatienceMs, typePeers: false }),
    ).toEqual({
      wait: 'a way in (the session reports nothing)',
      needsPerson: true,
      noWay: true,
    });
  });
});

describe('choose-route: what is known of the session', () => {
  const policy = { gatePatienceMs, typePeers: false };
  const idle = situation({
    ...allCases()[0]!,
    state: 'idle',
    supervised: true,
    socket: true,
    waiter: false,
    gate: 'open',
  });
  const task = (given: Parameters<typeof aMessage>[1] = {}) => aMessage('m1', given);
  const fromPeer = task({ sender: { kind: 'peer', label: 'web' } });
  const choose = (more: Partial<SessionSituation>, message = task()) =>
    chooseRoute({ ...idle, ...more }, message, 'now', policy);
  const unproven = (...tried: Route[]) =>
    task({ unproven: tried.map((route, index) => ({ route, lease: index + 1, session: 's1' })) });

  it(`after a try that could not be proven comes another way, where there is one ${verifies('no-endless-repeat')}`, () => {
    expect(choose({}, unproven('paste'))).toEqual({ route: 'inbox-socket' });
    expect(choose({ gateShutForMs: 0 }, unproven('paste'))).toEqual({ route: 'inbox-socket' });
    expect(choose({ supervised: false }, unproven('inbox-socket'))).toEqual({ route: 'inbox-socket' });
    expect(choose({ supervised: false, hasWaiter: true }, unproven('inbox-socket'))).toEqual({ route: 'wake' });
    expect(choose({ hasInboxSocket: false }, unproven('paste'))).toEqual({ route: 'paste' });
    const elsewhere = task({ unproven: [{ route: 'paste', lease: 1, session: 'another' }] });
    expect(choose({}, elsewhere)).toEqual({ route: 'paste' });
    // a hook's answer is another way, too
    expect(chooseRoute({ ...idle, hasInboxSocket: false }, unproven('paste'), 'prompt-hook', policy)).toEqual({
      route: 'next-prompt',
    });
  });

  it(`a supervisor that is away is waited for, so that the user's word stays the user's ${verifies('routes')}`, () => {
    const away = { supervised: false, supervisorDueInMs: 700, hasWaiter: true };
    expect(choose(away)).toEqual({ wait: 'its claudex to connect again', retryInMs: 700 });
    expect(chooseRoute({ ...idle, ...away }, task(), 'stop-hook', policy)).toHaveProperty('wait');
    expect(choose(away, fromPeer)).toEqual({ route: 'inbox-socket' });
    expect(choose({ ...away, supervisorDueInMs: undefined })).toEqual({ route: 'inbox-socket' });
  });

  it(`where the socket opens a dialog, the user's own message waits for the box ${verifies('denial')}`, () => {
    const bypass = { holdsPeers: true, gateShutForMs: 60_000 };
    expect(choose(bypass)).toEqual({ wait: 'an empty prompt box' });
    expect(choose({ holdsPeers: true })).toEqual({ route: 'paste' });
    expect(choose({ ...bypass, state: 'busy' }, task({ when: 'now' }))).toEqual({ wait: 'the end of the turn' });
    expect(choose({ holdsPeers: true }, unproven('paste'))).toEqual({ route: 'paste' });
  });

  it(`a peer's message opens it only while nobody types there, as far as somebody looks ${verifies('denial')}`, () => {
    const wait = { wait: 'an empty prompt box (claude is to ask the person there)', asksGate: true };
    const now = { ...fromPeer, when: 'now' as const };
    for (const message of [fromPeer, task({ forcedRoute: 'inbox-socket' })]) {
      expect(choose({ holdsPeers: true }, message)).toEqual(wait);
      expect(choose({ holdsPeers: true, gateOpenForMs: 1001 }, message)).toEqual(wait);
      expect(choose({ holdsPeers: true, gateOpenForMs: 3 }, message)).toEqual({ route: 'inbox-socket' });
    }
    expect(choose({ holdsPeers: true, state: 'busy' }, now)).toEqual(wait);
    expect(choose({ holdsPeers: true, supervised: false }, fromPeer)).toEqual({ route: 'inbox-socket' });
  });

  it('says what a message waits for', () => {
    const note = task({ kind: 'note' });
    const at = (moment: Moment, more: Partial<SessionSituation> = {}, message = task()) =>
      chooseRoute({ ...idle, ...more }, message, moment, policy);
    expect(at('now', { state: 'gone' })).toEqual({ wait: 'the session has ended' });
    expect(at('now', { state: 'starting' })).toEqual({ wait: 'the session to start' });
    expect(at('now', { state: 'waiting' })).toEqual({ wait: 'a person to answer the session', needsPerson: true });
    expect(at('now', { state: 'busy' })).toEqual({ wait: 'the end of the turn' });
    expect(at('now', {}, note)).toEqual({ wait: 'the next prompt' });
    expect(at('prompt-hook')).toEqual({ wait: 'the turn that has just begun' });
    expect(at('stop-hook')).toEqual({ wait: 'the prompt box' });
    expect(at('now', {}, task({ forcedRoute: 'inbox-read' }))).toMatchObject({ needsPerson: true, noWay: true });
    expect(at('stop-hook', { supervised: false, hasInboxSocket: false }, task({ forcedRoute: 'wake' }))).toEqual({
      wait: 'only wake may carry it',
    });
  });

  it('a way that is forced is taken though a better one is on offer', () => {
    const at = (moment: Moment, forcedRoute: Route, kind: Message['kind'] = 'task') =>
      chooseRoute({ ...idle, hasWaiter: true, waiterComes: true }, task({ forcedRoute, kind }), moment, policy);
    expect(at('prompt-hook', 'next-prompt')).toEqual({ route: 'next-prompt' });
    expect(at('stop-hook', 'turn-end')).toEqual({ route: 'turn-end' });
    // also for a note, which would wait for the next prompt by itself
    expect(at('stop-hook', 'turn-end', 'note')).toEqual({ route: 'turn-end' });
    expect(at('now', 'paste', 'note')).toEqual({ route: 'paste' });
  });

  it('at the end of a turn the waiter that the Stop hook brings counts, at other times the one that is there', () => {
    const bare = { ...idle, supervised: false, hasInboxSocket: false };
    const at = (moment: Moment, hasWaiter: boolean, waiterComes: boolean) =>
      chooseRoute({ ...bare, hasWaiter, waiterComes }, task(), moment, policy);
    expect(at('stop-hook', false, true)).toEqual({ wait: 'the prompt box' });
    expect(at('stop-hook', true, false)).toEqual({ route: 'turn-end' });
    expect(at('now', true, false)).toEqual({ route: 'wake' });
    expect(at('now', false, true)).toMatchObject({ wait: 'the next prompt' });
    expect(at('prompt-hook', false, true)).toEqual({ route: 'next-prompt' });
  });

  it('a try elsewhere, or none, is no reason to look for another way', () => {
    // only a wait for want of any way lets a way be taken a second time
    expect(choose({ gateShutForMs: 10, hasWaiter: true, hasInboxSocket: false }, unproven('wake'))).toEqual({
      wait: 'an empty prompt box',
    });
    expect(choose({ state: 'busy' }, unproven('paste'))).toEqual({ wait: 'the end of the turn' });
  });

  it('a word about the gate is good for a second, to the last millisecond', () => {
    expect(choose({ holdsPeers: true, gateOpenForMs: 1000 }, fromPeer)).toEqual({ route: 'inbox-socket' });
    expect(choose({ holdsPeers: true, gateOpenForMs: undefined }, fromPeer)).toHaveProperty('asksGate', true);
  });
});
