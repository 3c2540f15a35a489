/** Which process a pid is: pid alone can be reused, pid and start time cannot. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** True while a process with that pid exists (also one that is not ours). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A dead child that nobody has reaped yet still answers kill(0). */
function isZombie(pid: number): boolean {
  return process.platform === 'linux' && statFields(pid)?.[0] === 'Z';
}

/** True while that process is stopped by a signal (SIGSTOP, SIGTSTP) or by a debugger. */
export function isStopped(pid: number): boolean {
  const state = process.platform === 'linux' ? statFields(pid)?.[0] : ps(pid, 'state');
  return /^t/i.test(state ?? '');
}

/**
 * True while that process waits for nothing but a processor or a disk: what it has read is still being worked on. Of its first
 * thread alone. False where there is no /proc.
 */
export function isRunnable(pid: number): boolean {
  return /^[RD]/.test(statFields(pid)?.[0] ?? '');
}

/** The fields of /proc/<pid>/stat after the command name: [state, ppid, …]. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // the process is gone
  }
}

/** In one time zone and one language for all who ask: `lstart` is the local time, in words. */
const psEnvironment = { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' };

/** One column of `ps` for one process, where there is no /proc. */
export function ps(pid: number, column: string): string | undefined {
  try {
    const options = { encoding: 'utf8', stdio: 'pipe', env: psEnvironment } as const;
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], options).trim();
  } catch {
    return undefined; // no such process
  }
}

/**
 * An opaque text that is the same for one process all its life and differs for the next one with its pid:
 * clock ticks since boot on Linux (the same figure claude writes as `procStart`), `lstart` elsewhere.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart') || undefined;
  const fields = statFields(pid);
  // a zombie is dead, though nobody may ever reap it (a container's first process does not)
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Ticks of a second in /proc, the same on every Linux. */
const ticksPerSecond = 100;

/** How long it has run, in milliseconds: to 10 ms on Linux, to a second elsewhere (never too long). */
export function processAgeMs(pid: number): number | undefined {
  if (process.platform !== 'linux') {
    // [[days-]hours:]minutes:seconds
    const parts = ps(pid, 'etime')?.split(/[-:]/).map(Number).reverse() ?? [];
    const seconds = parts.reduce((sum, part, at) => sum + part * [1, 60, 3600, 86_400][at]!, 0);
    return parts.length < 2 ? undefined : seconds * 1000;
  }
  const ticks = statFields(pid)?.[19];
  if (ticks === undefined) return undefined;
  const upSeconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  return Math.max(0, Math.round((upSeconds - Number(ticks) / ticksPerSecond) * 1000));
}

/** True when the process with the one start time was started after that with the other. */
export function startedAfter(startTime: string, other: string): boolean {
  const order = (text: string) => (process.platform === 'linux' ? Number(text) : Date.parse(text));
  return order(startTime) > order(other);
}

/** True while that very process runs: same pid, same start. On Linux one look at /proc says it; elsewhere `ps` is asked only of a pid that there is. */
export function lives({ pid, startTime }: { pid: number; startTime: string }): boolean {
  return (process.platform === 'linux' || isAlive(pid)) && processStartTime(pid) === startTime;
}

/** The parent's pid, or undefined when the process is gone. */
export function parentPid(pid: number): number | undefined {
  const text = process.platform === 'linux' ? statFields(pid)?.[1] : ps(pid, 'ppid');
  const parent = Number(text);
  return Number.isInteger(parent) && parent > 0 ? parent : undefined;
}

/** `pid` and its ancestors, nearest first, at most 32; each is looked up when it is asked for, at the cost of a `ps` on macOS. */
export function* ancestry(pid: number): Generator<number, void> {
  let current: number | undefined = pid;
  for (let count = 0; current !== undefined && current > 1 && count < 32; count++) {
    yield current;
    current = parentPid(current);
  }
}

/** The names of the variables that the process was started with; undefined where they cannot be read (another user's, no /proc). */
export function environmentNames(pid: number): ReadonlySet<string> | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return new Set(words.map((word) => word.slice(0, Math.max(0, word.indexOf('=')))));
  } catch {
    return undefined;
  }
}
