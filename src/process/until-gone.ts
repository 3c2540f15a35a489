/** Waiting for a process that has been told to end. */
import { setTimeout as delay } from 'node:timers/promises';
import { steadyNow } from './clock.ts';
import { isAlive } from './identity.ts';

/** How often it is looked whether the process is still there: nothing tells of the end of one that is no child of ours. */
const lookMs = 20;

/** @returns false when it is still there after `patienceMs` */
export async function untilGone(pid: number, patienceMs = 5000): Promise<boolean> {
  for (const until = steadyNow() + patienceMs; isAlive(pid); await delay(lookMs)) {
    if (steadyNow() > until) return false;
  }
  return true;
}
