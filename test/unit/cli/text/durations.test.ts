import { afterEach, describe, expect, it, vi } from 'vitest';
import { durationText, parseClockTime, parseDuration } from '../../../../src/cli/text/durations.ts';

describe('durations and times as people write them', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('durations', () => {
    expect(['500ms', '30s', '10m', '1h30m', '2d', '1.5h', '7'].map(parseDuration)).toEqual([
      500, 30_000, 600_000, 5_400_000, 172_800_000, 5_400_000, 7000,
    ]);
    for (const wrong of ['', '-5m', 'soon', '5 m', '5x', 'm'])
      expect(() => parseDuration(wrong)).toThrow('no duration');
  });

  it('a time of day is the next one; a date is in this time zone', () => {
    vi.stubEnv('TZ', 'Pacific/Chatham');
    const now = new Date(2026, 0, 31, 17, 30).getTime();
    expect(parseClockTime('18:00', now)).toBe(new Date(2026, 0, 31, 18, 0).getTime());
    expect(parseClockTime('17:30', now)).toBe(new Date(2026, 1, 1, 17, 30).getTime());
    expect(parseClockTime('2026-02-01T08:15', now)).toBe(new Date(2026, 1, 1, 8, 15).getTime());
    expect(parseClockTime('2026-02-01', now)).toBe(new Date(2026, 1, 1).getTime());
  });

  it('what is no time is refused, and never some time in the past that JavaScript finds in it', () => {
    for (const wrong of [
      'tomorrow-9',
      'next week-2',
      '-5',
      '24:00',
      '12:60',
      '6pm',
      '2026-13-01',
      '2026-01-31T25:00',
    ]) {
      expect(() => parseClockTime(wrong, 0)).toThrow('is no time');
    }
  });
});

describe('one by one', () => {
  it.each([
    ['30', 30_000],
    ['1.5', 1500],
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['0.5h', 1_800_000],
    ['2d', 172_800_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '-5s', '5 s', 's', '5x', '1h30', 'soon', '1e3s', 'Infinity'])('%j is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('a clock time is the next one', () => {
    const noon = new Date(2026, 0, 31, 12, 0, 0).getTime();
    expect(new Date(parseClockTime('18:00', noon)).toString()).toBe(new Date(2026, 0, 31, 18, 0).toString());
    expect(new Date(parseClockTime('12:00', noon)).toString()).toBe(new Date(2026, 1, 1, 12, 0).toString());
    expect(new Date(parseClockTime('9:05', noon)).toString()).toBe(new Date(2026, 1, 1, 9, 5).toString());
    expect(parseClockTime('2026-03-01T10:00:00Z', noon)).toBe(Date.UTC(2026, 2, 1, 10));
    for (const text of ['24:00', '12:60', 'later', '']) {
      expect(() => parseClockTime(text, noon)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });
});

describe('durations to be read', () => {
  it.each([
    [0, '0 s'],
    [1499, '1 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '120 min'],
    [7_200_000, '2 h'],
    [172_799_999, '48 h'],
    [172_800_000, '2 d'],
    [864_000_000, '10 d'],
  ])('%i ms: %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('a number may have as many decimals as it likes', () => {
    expect(['1.25', '0.125s', '1.75h30m'].map(parseDuration)).toEqual([1250, 125, 8_100_000]);
  });

  it('a time has nothing behind it, and a date nothing before it', () => {
    for (const wrong of ['18:00x', '18:000', 'x2026-02-01', '2026-02-01x', '2026-02-01-5']) {
      expect(() => parseClockTime(wrong, 0)).toThrow('is no time');
    }
  });
});
