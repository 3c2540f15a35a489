/** Which messages a hook's answer carries, and which ones a reader of its inbox gets. */
import { describe, expect, it } from 'vitest';
import type { RouteDecision } from '../../../../src/daemon/delivery/choose-route.ts';
import {
  claimsForHook,
  claimsForReader,
  isRunningTask,
  isSilentRoute,
} from '../../../../src/daemon/delivery/hook-claims.ts';
import { composeTexts, pointerText } from '../../../../src/protocol/attribution.ts';
import { type Message, routes } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

const now = 1000;
const maxHookChars = 10_000;
const unproven = [{ route: 'paste', lease: 1, session: 's1' }] as const;
const task = (id: string, given: Partial<Message> = {}) => aMessage(id, { ...given, recipient: 's1' });
const note = (id: string, given: Partial<Message> = {}) => task(id, { kind: 'note', ...given });

/** What the hook gets; each message goes in by `turn-end`, but for those that wait. */
function forHook(
  open: Message[],
  {
    waiting = [],
    isIn = [],
    route = 'turn-end',
  }: { waiting?: string[]; isIn?: string[]; route?: Message['route'] } = {},
) {
  const claims = claimsForHook(open, now, {
    decide: ({ id }): RouteDecision => (waiting.includes(id) ? { wait: 'for something' } : { route: route! }),
    isIn: ({ id }) => isIn.includes(id),
  });
  return claims && { ids: claims.messages.map(({ id }) => id), route: claims.route };
}

describe(`what a hook carries ${verifies('order-kept', 'exactly-once')}`, () => {
  it('nothing, when nothing is there', () => {
    expect(forHook([])).toBeUndefined();
  });

  it('one task and the notes around it, in order', () => {
    expect(forHook([note('n1'), task('t1'), note('n2'), task('t2'), note('n3')])).toEqual({
      ids: ['n1', 't1', 'n2', 'n3'],
      route: 'turn-end',
    });
  });

  it('notes alone', () => {
    expect(forHook([note('n1'), note('n2')], { route: 'next-prompt' })).toEqual({
      ids: ['n1', 'n2'],
      route: 'next-prompt',
    });
  });

  it('nothing beside a paste or a socket write that is under way', () => {
    for (const route of ['paste', 'inbox-socket', 'wake'] as const) {
      expect(forHook([note('n1', { state: 'leased', route }), note('n2'), task('t1')]), route).toBeUndefined();
    }
    // it is queued again
    expect(forHook([task('t1', { state: 'queued', route: 'paste' })])).toMatchObject({ ids: ['t1'] });
  });

  it('nothing of the kind that an earlier hook may not have printed, and all of the other', () => {
    const first = { state: 'leased', route: 'turn-end' } as const;
    expect(forHook([task('t1', first), task('t2'), note('n1')])).toMatchObject({ ids: ['n1'] });
    expect(forHook([note('n1', first), note('n2'), task('t1')])).toMatchObject({ ids: ['t1'] });
    expect(forHook([note('n1', first), task('t1', first), note('n2'), task('t2')])).toBeUndefined();
  });

  it('only what is queued and due', () => {
    const open = [
      note('n1', { state: 'delivered' }),
      note('n2', { state: 'stuck' }),
      note('n3', { notBefore: now + 1 }),
      note('n4', { notBefore: now }),
    ];
    expect(forHook(open)).toMatchObject({ ids: ['n4'] });
  });

  it('no second task while the turn of one runs, but what is to go in at once, and notes', () => {
    const running = task('t0', { state: 'delivered' });
    expect(forHook([running, task('t1'), note('n1')])).toBeUndefined();
    expect(forHook([running, note('n1'), task('t1'), note('n2')])).toMatchObject({ ids: ['n1'] });
    expect(forHook([running, task('t1', { when: 'now' }), note('n1')])).toMatchObject({ ids: ['t1', 'n1'] });
    // a note that was delivered is no turn
    expect(forHook([note('n0', { state: 'delivered' }), task('t1')])).toMatchObject({ ids: ['t1'] });
  });

  it('not what an earlier try has put in after all; nobody is asked where there was none', () => {
    const open = [note('n1', { unproven: [...unproven] }), note('n2')];
    expect(forHook(open, { isIn: ['n1', 'n2'] })).toMatchObject({ ids: ['n2'] });
    expect(forHook(open)).toMatchObject({ ids: ['n1', 'n2'] });
  });

  it('nothing past a task that waits; a note that waits holds up nobody', () => {
    expect(forHook([task('t1'), note('n1')], { waiting: ['t1'] })).toBeUndefined();
    expect(forHook([note('n1'), task('t1'), note('n2')], { waiting: ['t1'] })).toMatchObject({ ids: ['n1'] });
    expect(forHook([note('n1'), task('t1'), note('n2')], { waiting: ['n1'] })).toMatchObject({ ids: ['t1', 'n2'] });
  });

  it('as many as fit, to the last character, the longest as pointers', () => {
    const long = (id: string) => note(id, { body: 'x'.repeat(500) });
    expect(forHook([long('n1'), note('n2')])).toMatchObject({ ids: ['n1', 'n2'] });
    const all = Array.from({ length: 200 }, (_, index) => long(`n${index}`));
    const most = Math.floor((maxHookChars + 2) / (pointerText(all[100]!).length + 2));
    const carried = forHook(all)!.ids;
    expect(carried).toEqual(all.slice(0, carried.length).map(({ id }) => id));
    expect(Math.abs(carried.length - most)).toBeLessThanOrEqual(2);
    expect(composeTexts(all.slice(0, carried.length), maxHookChars).length).toBeLessThanOrEqual(maxHookChars);
    expect(composeTexts(all.slice(0, carried.length + 1), maxHookChars).length).toBeGreaterThan(maxHookChars);
  });

  it('what fills an answer exactly', () => {
    const fixed = pointerText(note('n1')).length;
    // many pointers of one length, and a short note that fills what is left or is one character longer
    const pointers = Array.from({ length: 40 }, () => note('n1', { body: 'x'.repeat(500) }));
    const room = maxHookChars - composeTexts(pointers, maxHookChars).length - 2;
    const line = composeTexts([note('n1', { body: '' })], maxHookChars).length;
    expect(room).toBeGreaterThan(line + fixed);
    const filling = (chars: number) => note('n1', { body: 'y'.repeat(chars - line) });
    // a body longer than a pointer's would become one: several short notes fill the rest
    const short = filling(line + 20);
    const shorts = Array.from({ length: Math.floor(room / (line + 22)) - 1 }, () => short);
    const left = maxHookChars - composeTexts([...pointers, ...shorts], maxHookChars).length - 2;
    expect(composeTexts([...pointers, ...shorts, filling(left)], maxHookChars)).toHaveLength(maxHookChars);
    expect(forHook([...pointers, ...shorts, filling(left)])!.ids).toHaveLength(pointers.length + shorts.length + 1);
  });
});

describe(`what a reader of its inbox gets ${verifies('order-kept', 'exactly-once')}`, () => {
  const forReader = (open: Message[], isIn: string[] = []) =>
    claimsForReader(open, now, ({ id }) => isIn.includes(id)).map(({ id }) => id);

  it('all that is queued and due, tasks and notes, in order', () => {
    const open = [
      task('t1'),
      note('n1'),
      task('t2'),
      note('n2', { state: 'delivered' }),
      note('n3', { notBefore: now + 1 }),
      note('n4', { notBefore: now }),
    ];
    expect(forReader(open)).toEqual(['t1', 'n1', 't2', 'n4']);
    expect(forReader([])).toEqual([]);
  });

  it('nothing while one is on its way by another route', () => {
    expect(forReader([task('t1', { state: 'leased', route: 'next-prompt' }), note('n1')])).toEqual([]);
  });

  it('what is forced on another route stays where it is', () => {
    expect(forReader([task('t1', { forcedRoute: 'paste' }), task('t2', { forcedRoute: 'inbox-read' })])).toEqual([
      't2',
    ]);
  });

  it('not what an earlier try has put in after all', () => {
    expect(forReader([note('n1', { unproven: [...unproven] }), note('n2')], ['n1', 'n2'])).toEqual(['n2']);
    expect(forReader([note('n1', { unproven: [...unproven] }), note('n2')])).toEqual(['n1', 'n2']);
  });

  it('as many as one reading holds, to the last character, and one at least', () => {
    const empty = composeTexts([note('n1', { body: '' })], Number.POSITIVE_INFINITY).length;
    const first = note('n1', { body: 'x'.repeat(4000) });
    const second = (chars: number) => note('n2', { body: 'y'.repeat(chars) });
    const left = 10_000 - (empty + 4000) - 2 - empty;
    expect(forReader([first, second(left)])).toEqual(['n1', 'n2']);
    expect(forReader([first, second(left + 1), note('n3')])).toEqual(['n1']);
    expect(forReader([note('n1', { body: 'x'.repeat(20_000) }), note('n2')])).toEqual(['n1']);
  });
});

it('the routes that nobody reports are those of hooks and readers', () => {
  expect(routes.filter(isSilentRoute)).toEqual(['turn-end', 'next-prompt', 'inbox-read']);
  expect(isSilentRoute(undefined)).toBe(false);
});

it('a running task is one that was delivered', () => {
  expect(isRunningTask(task('t1', { state: 'delivered' }))).toBe(true);
  expect(isRunningTask(task('t1', { state: 'leased' }))).toBe(false);
  expect(isRunningTask(note('n1', { state: 'delivered' }))).toBe(false);
});
