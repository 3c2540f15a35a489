/** Which process a pid is. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ancestry, isAlive, isRunnable, parentPid, processStartTime, ps } from '../../../src/process/identity.ts';
import { until } from '../../support/until.ts';

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

describe('a process at rest', () => {
  it.runIf(process.platform === 'linux')('is told from one that works', async () => {
    expect(isRunnable(process.pid)).toBe(true);
    const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      await until(() => !isRunnable(sleeper.pid!));
      expect(isAlive(sleeper.pid!)).toBe(true);
    } finally {
      sleeper.kill('SIGKILL');
    }
  });
});

describe('a zombie', () => {
  it.runIf(process.platform === 'linux')('is dead: it has no start time, and is not alive', async () => {
    // what the shell becomes does not reap what it has started
    const script = 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 600';
    const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(String(line));
      await until(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n');
      parent.stdin.end();
      await until(() => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z '));
      expect(processStartTime(pid)).toBeUndefined();
      expect(isAlive(pid)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
