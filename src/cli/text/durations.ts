/** Durations and clock times as people write them. Pure. */
import { ClaudexError } from '../../errors/claudex-error.ts';

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `10m`, `1h30m`, `500ms`; a bare number is seconds. Milliseconds. @throws ClaudexError USAGE */
export function parseDuration(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    throw new ClaudexError('USAGE', `"${text}" is no duration; write 30s, 10m, 1h30m or 7d.`);
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * unitMs[unit!]!;
  return Math.round(total);
}

/** For reading: `5 s`, `30 min`, `5 h`, `3 d`. */
export function durationText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 2 * 86_400_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

/** `18:00` (the next one) or a date such as 2026-01-31T18:00. Milliseconds since the epoch. @throws ClaudexError USAGE */
export function parseClockTime(text: string, now: number): number {
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (clock) {
    const at = new Date(now);
    at.setHours(Number(clock[1]), Number(clock[2]), 0, 0);
    if (at.getTime() <= now) at.setDate(at.getDate() + 1);
    return at.getTime();
  }
  // Date.parse finds a month and a year in "12:60" and "tomorrow-9", and takes a date alone for one in UTC
  const date = /^\d{4}-\d\d-\d\d(?=([T ].*)?$)/.exec(text);
  const at = date === null ? Number.NaN : Date.parse(date[0] === text ? `${text}T00:00` : text);
  if (Number.isNaN(at)) throw new ClaudexError('USAGE', `"${text}" is no time; write 18:00 or 2026-01-31T18:00.`);
  return at;
}
