/** Questions between machines: how much, how often, how old, and what an answer may be. */
import { describe, expect, it } from 'vitest';
import { type Ask, maxReplyBytes, pageBytes, parseAsk, readReply } from '../../../src/mesh/asks/ask.ts';
import { AskLimits } from '../../../src/mesh/asks/ask-limits.ts';
import { howManyFit, numberIn, withQuery } from '../../../src/mesh/asks/page.ts';
import { goodForMs, ReplayGuard } from '../../../src/mesh/asks/replay-guard.ts';
import { MeshApi } from '../../../src/mesh/mesh-elsewhere.ts';
import { Refusals } from '../../../src/mesh/refusals.ts';
import { verifies } from '../../requirements.ts';

/** A clock that stands until it is moved. */
function standingClock() {
  const clock = { now: 0, steady: () => clock.now, timeOfDay: () => clock.now };
  return clock;
}

const turn = (index: number, more: object = {}) => ({
  index,
  promptId: null,
  startedAt: null,
  endedAt: null,
  origin: 'person',
  prompt: `p${index}`,
  steps: [],
  answer: 'a',
  outcome: 'answered',
  compactedBefore: false,
  ...more,
});

describe(`a question ${verifies('mesh-hostile')}`, () => {
  it('is a method and a path, and nothing else', () => {
    expect(parseAsk({ method: 'GET', path: '/x?y=%20', key: 'a-1', more: 1 })).toEqual({
      method: 'GET',
      path: '/x?y=%20',
      key: 'a-1',
    });
    const nonsense = [null, 'x', [], {}, { method: 'PUT', path: '/' }, { method: 'GET', path: 'x' }];
    for (const bad of [
      ...nonsense,
      { method: 'GET', path: '/a b' },
      { method: 'GET', path: `/${'x'.repeat(20_000)}` },
    ]) {
      expect(() => parseAsk(bad)).toThrow('no question of a machine');
    }
    expect(parseAsk({ method: 'POST', path: '/', key: 'a\nb' })).toEqual({ method: 'POST', path: '/' });
  });

  it('is taken once, and while it is fresh', () => {
    const guard = new ReplayGuard(1_000_000);
    const now = 1_000_100;
    expect(guard.refuse('a', { id: 'x', at: now }, now)).toBeUndefined();
    expect(guard.refuse('a', { id: 'x', at: now }, now + 5)).toBe('it came before');
    expect(guard.refuse('b', { id: 'x', at: now }, now)).toBeUndefined();
    expect(guard.refuse('a', { id: 'y', at: 999_999 }, now)).toBe('it was said before this bridge came up');
    for (const off of [-1, 1]) {
      expect(guard.refuse('a', { id: 'z', at: now + off * (goodForMs + 1) }, now)).toContain('its time is off');
    }
    // for as long as its time would be good it is remembered, whatever came since
    for (let count = 0; count < 1000; count++) guard.refuse('a', { id: `${count}`, at: now }, now);
    expect(guard.refuse('a', { id: 'x', at: now }, now + goodForMs)).toBe('it came before');
  });

  it('of a machine that floods is dropped, and of no other one', () => {
    const clock = standingClock();
    const limits = new AskLimits(clock);
    const ask = (name: string): string => {
      const verdict = limits.begin(name);
      if (verdict === 'answer') limits.end(name);
      return verdict;
    };
    const asked = Array.from({ length: 500 }, () => ask('flood'));
    expect(asked.filter((one) => one === 'answer').length).toBe(100);
    expect(asked.at(-1)).toBe('drop');
    expect(ask('other')).toBe('answer');
    clock.now += 1000;
    expect(Array.from({ length: 30 }, () => ask('flood')).filter((one) => one === 'answer').length).toBe(20);
  });

  it('beyond what is answered at once is told so', () => {
    const limits = new AskLimits(standingClock());
    const begun = Array.from({ length: 9 }, () => limits.begin('a'));
    expect(begun.filter((one) => one === 'answer').length).toBe(8);
    expect(begun.at(-1)).toBe('busy');
    expect(limits.begin('b')).toBe('answer');
    limits.end('a');
    expect(limits.begin('a')).toBe('answer');
  });

  it('that is refused again and again is one line a minute in the log', () => {
    const clock = standingClock();
    const lines: unknown[] = [];
    const refusals = new Refusals((event, fields) => lines.push([event, fields]), clock);
    for (let count = 0; count < 50; count++) refusals.say('question', 'x', 'why');
    refusals.say('question', 'y', 'why');
    clock.now += 60_000;
    refusals.say('question', 'x', 'why');
    expect(lines).toEqual([
      ['refused', { what: 'question', from: 'x', why: 'why' }],
      ['refused', { what: 'question', from: 'y', why: 'why' }],
      ['refused', { what: 'question', from: 'x', why: 'why', times: 50 }],
    ]);
  });
});

describe('pages', () => {
  it('hold as much as fits, and at least one', () => {
    const big = 'x'.repeat(pageBytes / 2);
    expect(howManyFit([big, big, 'x'], 'turn')).toBe(1);
    expect(howManyFit(['x'.repeat(pageBytes + 10), 'x'], 'turn')).toBe(1);
    expect(howManyFit([], 'turn')).toBe(0);
    expect(() => howManyFit(['x'.repeat(maxReplyBytes)], 'turn')).toThrow('One turn alone has');
    expect(() => howManyFit(['x', 'x'.repeat(maxReplyBytes)], 'turn')).not.toThrow();
  });

  it('are asked for by numbers within bounds', () => {
    const bounds = { least: 1, most: 10, otherwise: 5 };
    const of = (text: string): number => numberIn(new URLSearchParams(text), 'n', bounds);
    expect([of(''), of('n=1'), of('n=10')]).toEqual([5, 1, 10]);
    for (const bad of ['n=0', 'n=11', 'n=x', 'n=', 'n=1e1', 'n=-1']) expect(() => of(bad)).toThrow('whole number');
    expect(withQuery('/a?x=1&n=2', 'n', 3)).toBe('/a?x=1&n=3');
  });
});

describe(`what another machine answers ${verifies('mesh-hostile')}`, () => {
  const api = (answer: (ask: Ask) => unknown): MeshApi => new MeshApi(async (ask) => answer(ask), 'beta');
  const history = '/sessions/api/history?last=4';

  it('is put together of its pages, the newest first', async () => {
    const asked: string[] = [];
    const { turns } = await api(({ path }) => {
      asked.push(path);
      return path.includes('before')
        ? { body: { turns: [turn(1), turn(2)] } }
        : { body: { turns: [turn(3), turn(4)] }, next: `${history}&before=3` };
    }).ask<{ turns: Array<{ index: number }> }>('GET', history);
    expect(turns.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(asked).toEqual([history, `${history}&before=3`]);
  });

  it('ends, however many pages it says there are', async () => {
    let pages = 0;
    await api(() => {
      pages++;
      return { body: { turns: [turn(1)] }, next: history };
    }).ask('GET', history);
    expect(pages).toBe(64);
    pages = 0;
    await api(() => {
      pages++;
      return { body: { turns: [] }, next: history };
    }).ask('GET', history);
    expect(pages).toBe(1);
  });

  it('of another shape is no answer', async () => {
    const bad = [null, {}, { turns: 1 }, { turns: [{}] }, { turns: [turn(1, { steps: [{ kind: 'x' }] })] }];
    for (const body of [...bad, { turns: [turn(1, { startedAt: 'tomorrow?' })] }, [], 'x', undefined]) {
      await expect(api(() => ({ body })).ask('GET', history)).rejects.toMatchObject({ code: 'MESH_BAD_REPLY' });
    }
    for (const reply of [null, 'x', { error: {} }, { error: 1 }]) {
      await expect(api(() => reply).ask('GET', history)).rejects.toMatchObject({ code: 'MESH_BAD_REPLY' });
    }
    await expect(api(() => ({})).ask('GET', '/elsewhere')).rejects.toMatchObject({ code: 'NOT_FROM_AFAR' });
  });

  it('acts on no terminal: texts are plain, a screen keeps its colours alone', async () => {
    const nasty = 'a\u001b]52;c;eA==\u0007b\u001b[2J\u009b31mc\u202ed';
    const { turns } = await api(() => ({ body: { turns: [turn(1, { prompt: nasty })] } })).ask<{
      turns: Array<{ prompt: string }>;
    }>('GET', history);
    expect(turns[0]!.prompt).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    const { text } = await api(() => ({ body: { text: `\u001b[31m${nasty}\u001b[0m` } })).ask<{ text: string }>(
      'GET',
      '/sessions/api/screen?ansi=true',
    );
    expect(text.startsWith('\u001b[31m') && text.endsWith('\u001b[0m')).toBe(true);
    expect(text.slice(5, -4)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('is an error of ours with its facts in one line, or of a newer claudex in its own words', () => {
    const of = (error: object) => () => readReply({ error });
    expect(of({ code: 'NO_SUCH_SESSION', facts: 'a\n\u001b[2Jb' })).toThrow('No live session matches that target. a b');
    expect(of({ code: 'NEWER', facts: 'x', fix: 'y' })).toThrow('NEWER: x Fix: y');
    expect(readReply({ body: 1, next: 'x y' })).toEqual({ body: 1, next: undefined });
  });
});
