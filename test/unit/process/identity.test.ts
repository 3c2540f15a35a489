/** Which process a pid is. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ancestry, isAlive, parentPid, processStartTime, ps } from '../../../src/process/identity.ts';

describe('process identity', () => {
  it('knows the living from the dead, and one life from the next', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(processStartTime(process.pid)).toBe(processStartTime(process.pid));
    expect(processStartTime(process.pid)).not.toBeUndefined();
    const dead = Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    expect([isAlive(dead), processStartTime(dead), parentPid(dead)]).toEqual([false, undefined, undefined]);
  });

  it('asks ps in one time zone and one language, whatever the caller has', () => {
    const before = process.env.TZ;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    const asked = ['Asia/Tokyo', 'America/New_York'].map((zone) => {
      process.env.TZ = zone;
      return ps(process.pid, 'lstart');
    });
    expect(asked[0]).toMatch(/\d\d:\d\d:\d\d/);
    expect(asked[1]).toBe(asked[0]);
  });

  it('walks up to init', () => {
    const above = [...ancestry(process.pid)];
    expect(above.slice(0, 2)).toEqual([process.pid, process.ppid]);
    expect(above).not.toContain(1);
    expect([...ancestry(0)]).toEqual([]);
  });
});
