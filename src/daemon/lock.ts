/**
 * Exactly one daemon per CLAUDEX_HOME. The lock is a file made with O_EXCL that names its owner by pid and start time;
 * a lock whose owner is dead is taken over, and only what is provably ours is ever removed.
 */
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { systemErrorCode } from '../errors.ts';
import { isAlive, processStartTime } from '../process-identity.ts';

export interface LockOwner {
  pid: number;
  startTime: string;
  version: string;
}

/** The live owner of the lock, or undefined when there is none (no file, or its process is dead). */
export function lockOwner(path: string): LockOwner | undefined {
  const owner = parseOwner(readText(path));
  return owner && isAlive(owner.pid) && processStartTime(owner.pid) === owner.startTime ? owner : undefined;
}

/** Whoever took the lock last and did not release it, alive or not. */
export function lastLockOwner(path: string): LockOwner | undefined {
  return parseOwner(readText(path));
}

/** Takes the lock for this process. False when a live daemon holds it. */
export function takeLock(path: string, version: string): boolean {
  const text = JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid), version });
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, text);
      closeSync(fd);
      return true;
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    const seen = readText(path);
    if (seen === undefined) continue;
    // an empty file is a lock being written this very moment by a live process, or left by one that died in between
    if (seen === '' ? attempt < 10 : lockOwner(path)) {
      if (seen !== '') return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      continue;
    }
    removeStale(path, seen);
  }
  return false;
}

/** Moves a dead owner's lock aside; if somebody replaced it in between, theirs is put back. */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if (readText(aside) !== seen) linkSync(aside, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** True while the lock file names this process. */
export function holdsLock(path: string): boolean {
  const owner = parseOwner(readText(path));
  return owner?.pid === process.pid && owner.startTime === processStartTime(process.pid);
}

/** Removes the lock if it is ours. */
export function releaseLock(path: string): void {
  if (holdsLock(path)) rmSync(path, { force: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // no lock
  }
}

function parseOwner(text: string | undefined): LockOwner | undefined {
  try {
    return text ? (JSON.parse(text) as LockOwner) : undefined;
  } catch {
    return undefined; // half-written
  }
}
