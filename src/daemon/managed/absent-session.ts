/** A managed session as messages find it, whether or not it runs. */
import { basename } from 'node:path';
import { type ManagedSession, stateInWords } from '../../protocol/managed.ts';
import type { AbsentSession } from '../delivery/accept-send.ts';
import { describe, isUp } from './managed-store.ts';

/** What sleeps or is about to start takes messages; what was stopped does not, from the moment on at which it was asked to stop. */
export function absentSession(one: ManagedSession): AbsentSession {
  const isStopping = isUp(one) && one.asked === 'stop';
  const takes = one.state === 'sleeping' || (isUp(one) && !isStopping);
  const how = isStopping ? 'being stopped' : stateInWords(one);
  return {
    id: one.id,
    name: one.name ?? (basename(one.cwd) || '/'),
    alias: one.name,
    cwd: one.cwd,
    takes,
    why: takes ? '' : `${describe(one)} is ${how}.`,
  };
}

/** What has to become of one that does not run before a message goes in. */
export function whatItWaitsFor(one: ManagedSession): string {
  if (one.state === 'sleeping') return 'its session to wake up';
  if (isUp(one)) return 'its session to start';
  return `its session to be resumed, which is ${one.state}: claudex resume ${one.name ?? one.id}`;
}
