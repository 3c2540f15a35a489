/** The lock: one owner at a time, whoever died with it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { holdsLock, lockOwner, releaseLock, takeLock } from '../../../src/background/lock.ts';
import { processStartTime } from '../../../src/process/identity.ts';
import { verifies } from '../../../test/requirements.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

describe(`lock ${verifies('one-daemon')}`, () => {
  const path = () => join(dir, 'daemon.lock');
  const deadPid = (): number => Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }));

  it('is taken once, names its owner, and is released by it', () => {
    expect(takeLock(path(), '1.0.0')).toBe(true);
    expect(takeLock(path(), '1.0.0')).toBe(false);
    expect(lockOwner(path())).toEqual({ pid: process.pid, startTime: processStartTime(process.pid), version: '1.0.0' });
    expect(holdsLock(path())).toBe(true);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    releaseLock(path());
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['of a dead process', () => JSON.stringify({ pid: deadPid(), startTime: '1', version: '1' })],
    [
      'of an earlier process with a pid now alive',
      () => JSON.stringify({ pid: process.pid, startTime: '1', version: '1' }),
    ],
    ['that is half-written', () => '{"pid":'],
    ['that is empty', () => ''],
  ])('is taken over from one %s', (_, text) => {
    writeFileSync(path(), text());
    expect(lockOwner(path())).toBeUndefined();
    expect(takeLock(path(), '2.0.0')).toBe(true);
    expect(holdsLock(path())).toBe(true);
    expect(readdirSync(dir)).toEqual(['daemon.lock']);
  });

  it('of a dead process is taken away by one process at a time', () => {
    const dead = JSON.stringify({ pid: deadPid(), startTime: '1', version: '1' });
    const turn = `${path()}.turn`;
    writeFileSync(path(), dead);
    writeFileSync(turn, JSON.stringify({ pid: process.ppid, startTime: processStartTime(process.ppid), version: '1' }));
    expect(takeLock(path(), '2.0.0')).toBe(false);
    expect(readFileSync(path(), 'utf8')).toBe(dead);
    // whoever had the turn was killed
    writeFileSync(turn, dead);
    expect(takeLock(path(), '2.0.0')).toBe(true);
    expect(readdirSync(dir)).toEqual(['daemon.lock']);
  });

  it('of another live process is neither taken nor removed', () => {
    const text = JSON.stringify({ pid: process.ppid, startTime: processStartTime(process.ppid), version: '1' });
    writeFileSync(path(), text);
    expect(takeLock(path(), '2.0.0')).toBe(false);
    releaseLock(path());
    expect(readFileSync(path(), 'utf8')).toBe(text);
    expect(holdsLock(path())).toBe(false);
  });
});
