/** How claudex ends: as claude did. One place per way to end. */
import { constants } from 'node:os';
import type { PtyExit } from '../terminal/pty/spawn-pty.ts';

/** The name of a signal number on this platform. */
export function signalName(number: number): NodeJS.Signals | undefined {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] as NodeJS.Signals | undefined;
}

/** Ends this process the way the child ended: same code, or death by the same signal. Does not return for a signal. */
export function mirrorExit(exit: PtyExit): void {
  const name = exit.signal === 0 ? undefined : signalName(exit.signal);
  if (name === undefined) {
    process.exit(exit.code);
  }
  process.removeAllListeners(name);
  process.kill(process.pid, name);
  // The signal did not end us, because its default is to be ignored. Then the exit code tells its number, as shells do.
  setTimeout(() => process.exit(128 + exit.signal), 100);
}
