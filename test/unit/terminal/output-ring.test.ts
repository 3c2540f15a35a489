import { describe, expect, it } from 'vitest';
import { OutputRing } from '../../../src/terminal/output-ring.ts';

const size = { cols: 80, rows: 24 };
const wide = { cols: 100, rows: 30 };

const kept = (ring: OutputRing): string =>
  ring
    .snapshot()
    .events.filter((event) => Buffer.isBuffer(event))
    .join('');

describe('output ring', () => {
  it('keeps output and changes of size in their order', () => {
    const ring = new OutputRing(size);
    ring.output(Buffer.from('a'));
    ring.output(Buffer.from('b'));
    ring.resized(wide);
    ring.output(Buffer.from('c'));
    expect(ring.snapshot()).toMatchObject({ size, events: [Buffer.from('ab'), wide, Buffer.from('c')] });
  });

  it('drops the oldest byte by byte, and remembers the size that held after it', () => {
    const ring = new OutputRing(size, 10);
    ring.output(Buffer.from('12345'));
    ring.resized(wide);
    ring.output(Buffer.from('67890'));
    expect(kept(ring)).toBe('1234567890');
    ring.output(Buffer.from('a'));
    expect(ring.snapshot()).toMatchObject({ size, events: [Buffer.from('2345'), wide, Buffer.from('67890a')] });
    ring.output(Buffer.from('bcde'));
    expect(ring.snapshot()).toMatchObject({ size: wide, events: [Buffer.from('67890abcde')] });
  });

  it('keeps the end of a piece that alone is too large', () => {
    const ring = new OutputRing(size, 4);
    ring.output(Buffer.from('12'));
    ring.output(Buffer.from('1234567890'));
    expect(kept(ring)).toBe('7890');
    ring.output(Buffer.from('ab'));
    expect(kept(ring)).toBe('90ab');
  });

  it('holds what the end of all output held, whatever the pieces', () => {
    const ring = new OutputRing(size, 7);
    let all = '';
    for (let length = 0; length < 30; length++) {
      const piece = 'abcdefghijklmnopqrstuvwxyzABCDEF'.slice(0, (length * 5) % 11);
      all += piece;
      ring.output(Buffer.from(piece));
      expect(kept(ring)).toBe(all.slice(-7));
    }
  });

  it('does not change with what it was given, nor a snapshot with what comes after it', () => {
    const ring = new OutputRing(size, 4);
    const piece = Buffer.from('abcd');
    ring.output(piece);
    piece.fill('x');
    const { events } = ring.snapshot();
    ring.output(Buffer.from('efgh'));
    expect(events).toEqual([Buffer.from('abcd')]);
  });

  it('tells what has come since, for as long as all of it is kept', () => {
    const ring = new OutputRing(size, 10);
    ring.output(Buffer.from('12345'));
    const { end } = ring.snapshot();
    expect(ring.since(end)).toMatchObject({ events: [], end: 5 });
    ring.resized(wide);
    ring.output(Buffer.from('678'));
    expect(ring.since(end)).toMatchObject({ events: [wide, Buffer.from('678')], end: 8 });
    expect(ring.size).toEqual(wide);
    ring.output(Buffer.from('abcdefgh'));
    expect(ring.since(end)).toBeUndefined();
  });

  it('holds no more changes of size than it needs', () => {
    const ring = new OutputRing(size, 4);
    for (let cols = 1; cols <= 50_000; cols++) ring.resized({ cols, rows: 24 });
    expect(ring.snapshot().events).toEqual([{ cols: 50_000, rows: 24 }]);
  });
});
