import { describe, expect, it } from 'vitest';
import { recordText } from '../../../src/mesh/machine-record.ts';
import { awayAfterMs, lastBeat, SeenMachines } from '../../../src/mesh/seen-machines.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { verifies } from '../../requirements.ts';

function seen() {
  const time = { steady: 1_000_000, timeOfDay: Date.parse('2026-01-01T00:00:00Z') };
  const clock = { steady: () => time.steady, timeOfDay: () => time.timeOfDay };
  const keys = new Map<string, string>();
  const is = (name: string, key: string) => (keys.has(name) || keys.set(name, key)) && keys.get(name) === key;
  const machines = new SeenMachines({ name: 'own', id: 'me' }, clock, { is, of: (name) => keys.get(name) });
  const put = (key: string, text: string, agoMs = 0) => machines.apply({ key, text, isGone: false, agoMs });
  return { machines, put, time, all: () => machines.all({ isCutOff: false }) };
}

describe(`who is there ${verifies('mesh-seeing')}`, () => {
  it('a machine is there while its heart beats, and stays in the list as away', () => {
    const { put, all, time } = seen();
    put('devbox', recordText('d', '0.1.0', []));
    expect(all()).toMatchObject([{ name: 'devbox', away: true, seenAt: null }]);
    put('devbox.beat', '');
    expect(all()).toMatchObject([{ away: false, seenAt: '2026-01-01T00:00:00.000Z' }]);
    time.steady += awayAfterMs + 1;
    expect(all()).toMatchObject([{ name: 'devbox', away: true }]);
    put('devbox.beat', '');
    expect(all()).toMatchObject([{ away: false }]);
    put('devbox.beat', lastBeat);
    expect(all()).toMatchObject([{ away: true }]);
  });

  it('a machine keeps the key that it was first seen with, whatever its record says later', () => {
    const { put, machines, all } = seen();
    const [first, second] = [newKey().publicKey, newKey().publicKey];
    put('devbox', recordText('d', '0.1.0', [], { key: first }));
    expect([machines.keyOf('devbox'), machines.hasOtherKey('devbox')]).toEqual([first, false]);
    put('devbox', recordText('d', '0.1.0', [], { key: second }));
    expect([machines.keyOf('devbox'), machines.hasOtherKey('devbox')]).toEqual([first, true]);
    expect(machines.sealingOf('devbox')?.key).toBe(first);
    expect(all()).toMatchObject([{ name: 'devbox', key: second, hasOtherKey: true }]);
    put('devbox', recordText('d', '0.1.0', [], { key: first }));
    expect([machines.keyOf('devbox'), machines.hasOtherKey('devbox')]).toEqual([first, false]);
  });

  it('a heartbeat is news only when the machine was away, or goes', () => {
    const { put, time } = seen();
    expect(put('devbox', recordText('d', '0.1.0', []))).toBe(true);
    expect([put('devbox.beat', ''), put('devbox.beat', '')]).toEqual([true, false]);
    time.steady += awayAfterMs + 1;
    expect([put('devbox.beat', ''), put('devbox.beat', '')]).toEqual([true, false]);
    expect([put('devbox.beat', lastBeat), put('devbox.beat', lastBeat)]).toEqual([true, false]);
    expect([put('own', recordText('me', '0.1.0', [])), put('own.beat', ''), put('no.key.ofOurs', '')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('an old heartbeat is old, and a step of the time of day changes nothing', () => {
    const { put, all, time } = seen();
    put('devbox', recordText('d', '0.1.0', []));
    put('devbox.beat', '', awayAfterMs + 1);
    expect(all()).toMatchObject([{ away: true }]);
    put('devbox.beat', '', 1000);
    time.timeOfDay += 3_600_000;
    expect(all()).toMatchObject([{ away: false }]);
  });

  it('cut off, nobody is seen to be there', () => {
    const { put, machines } = seen();
    put('devbox', recordText('d', '0.1.0', []));
    put('devbox.beat', '');
    expect(machines.all({ isCutOff: true })).toMatchObject([{ away: true }]);
  });

  it('a machine that leaves goes, also during a gap', () => {
    const { put, machines, all } = seen();
    for (const name of ['b', 'a', 'c']) put(name, recordText(name, '0.1.0', []));
    expect(all().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    machines.apply({ key: 'a', text: '', isGone: true, agoMs: 0 });
    machines.keepOnly(['c']);
    expect(all().map(({ name }) => name)).toEqual(['c']);
  });

  it('its own record is no other machine; another one under its name is noticed', () => {
    const { put, machines, all } = seen();
    put('own', recordText('me', '0.1.0', []));
    put('own.beat', '');
    expect([all(), machines.nameIsLost]).toEqual([[], false]);
    put('own', recordText('somebody', '0.1.0', []));
    expect(machines.nameIsLost).toBe(true);
    machines.apply({ key: 'own', text: '', isGone: true, agoMs: 0 });
    expect(machines.nameIsLost).toBe(false);
  });
});
