import { describe, expect, it } from 'vitest';
import { OutputRing } from '../../src/proxy/output-ring.ts';

const size = { cols: 80, rows: 24 };

describe('output ring', () => {
  it('keeps output and changes of size in their order', () => {
    const ring = new OutputRing(size);
    ring.output(Buffer.from('a'));
    ring.resized({ cols: 100, rows: 30 });
    ring.output(Buffer.from('b'));
    expect(ring.snapshot()).toEqual({ size, events: [Buffer.from('a'), { cols: 100, rows: 30 }, Buffer.from('b')] });
    expect(ring.bytes().toString()).toBe('ab');
  });

  it('drops the oldest, and remembers the size that held after it', () => {
    const ring = new OutputRing(size, 10);
    ring.output(Buffer.from('12345'));
    ring.resized({ cols: 100, rows: 30 });
    ring.output(Buffer.from('67890'));
    expect(ring.bytes().toString()).toBe('1234567890');
    ring.output(Buffer.from('a'));
    expect(ring.bytes().toString()).toBe('67890a');
    ring.output(Buffer.from('bcdef'));
    expect(ring.bytes().toString()).toBe('abcdef');
    expect(ring.snapshot().size).toEqual({ cols: 100, rows: 30 });
  });

  it('keeps the last piece whole even when it alone is too large', () => {
    const ring = new OutputRing(size, 4);
    ring.output(Buffer.from('12'));
    ring.output(Buffer.from('1234567890'));
    expect(ring.bytes().toString()).toBe('1234567890');
  });

  it('a snapshot does not change with what comes after it', () => {
    const ring = new OutputRing(size);
    ring.output(Buffer.from('a'));
    const { events } = ring.snapshot();
    ring.output(Buffer.from('b'));
    expect(events).toEqual([Buffer.from('a')]);
  });

  it('holds no more changes of size than it needs', () => {
    const ring = new OutputRing(size, 4);
    for (let cols = 1; cols <= 50_000; cols++) ring.resized({ cols, rows: 24 });
    expect(ring.snapshot().events.length).toBeLessThan(1000);
    expect(ring.snapshot().events.at(-1) ?? ring.snapshot().size).toEqual({ cols: 50_000, rows: 24 });
  });
});
