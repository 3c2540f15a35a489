/**
 * Exactly one daemon per CLAUDEX_HOME. The lock is a file, put there whole or not at all, that names its owner by pid and start time;
 * a lock whose owner is dead is taken over, and only what is provably ours is ever removed.
 */
import { existsSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { placeFile } from '../home/replace-file.ts';
import { steadyNow } from '../process/clock.ts';
import { isAlive, processStartTime } from '../process/identity.ts';

/** Whoever comes up touches its lock several times in this time. */
const touchedOfLateMs = 5000;

export interface LockOwner {
  pid: number;
  startTime: string;
  version: string;
}

/** The live owner of the lock, or undefined when there is none (no file, or its process is dead). */
export function lockOwner(path: string): LockOwner | undefined {
  return livingOwner(readText(path));
}

function livingOwner(text: string | undefined): LockOwner | undefined {
  const owner = parseOwner(text);
  return owner && isAlive(owner.pid) && processStartTime(owner.pid) === owner.startTime ? owner : undefined;
}

/** Whoever took the lock last and did not release it, alive or not. */
export function lastLockOwner(path: string): LockOwner | undefined {
  return parseOwner(readText(path));
}

/** Takes the lock for this process. False when a live daemon holds it. */
export function takeLock(path: string, version: string): boolean {
  const text = JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid), version });
  for (let attempt = 0; attempt < 100; attempt++) {
    if (placeFile(path, text)) return true;
    if (lockOwner(path)) return false;
    removeDead(path, text);
  }
  return false;
}

/**
 * Removes a dead owner's lock. One process at a time: two that had both seen the dead one would take turns to remove it,
 * and the second would take away what the first had just put there.
 */
function removeDead(path: string, text: string): void {
  const turn = `${path}.turn`;
  if (!placeFile(turn, text)) {
    const holder = readText(turn);
    // killed while it had the turn
    if (holder !== undefined && !livingOwner(holder)) rmSync(turn, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return;
  }
  try {
    const seen = readText(path);
    // what is not there now may be there, and alive, the next moment
    if (seen !== undefined && !livingOwner(seen)) rmSync(path, { force: true });
  } finally {
    rmSync(turn, { force: true });
  }
}

/** True while the lock file names this process, or cannot be read though it is there (no descriptor left). */
export function holdsLock(path: string): boolean {
  const text = readText(path);
  if (text === undefined && existsSync(path)) return true;
  const owner = parseOwner(text);
  return owner?.pid === process.pid && owner.startTime === processStartTime(process.pid);
}

/** A long start is under way: whoever waits for this process goes on waiting. */
export function touchLock(path: string): void {
  try {
    const seconds = steadyNow() / 1000; // the time of day may be set meanwhile
    utimesSync(path, seconds, seconds);
  } catch {
    // gone: nobody waits for us
  }
}

/** True while the lock's owner lives and has touched it of late. */
export function isComingUp(path: string): boolean {
  const touchedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (touchedAt === undefined || lockOwner(path) === undefined) return false;
  const agoMs = steadyNow() - touchedAt;
  return agoMs > -1000 && agoMs < touchedOfLateMs;
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
