/** Looking at other processes through /proc. On systems without it the answers are empty or undefined. */
import { readdirSync, readFileSync } from 'node:fs';

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Expected: the process is gone, is another user's, or there is no /proc.
    return undefined;
  }
}

/** Fields of /proc/<pid>/stat after the command name, which may hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Kernel start time of `pid`, a token to compare. */
export function processStartTime(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** Parent of `pid`. */
export function parentPid(pid: number): number | undefined {
  const field = statFields(pid)?.[1];
  return field === undefined ? undefined : Number(field);
}

/** The command line of `pid`, words separated by spaces; empty when it is gone or a zombie. */
export function processCommandLine(pid: number): string {
  return (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim();
}

/** True while `pid` runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // ESRCH: gone. EPERM: not ours, so the pid was reused.
    return false;
  }
  return statFields(pid)?.[0] !== 'Z';
}

/** Every process but this one whose environment mentions one of `texts`. */
export function processesWithEnvironment(texts: readonly string[]): number[] {
  if (texts.length === 0) return [];
  return otherPids().filter((pid) => {
    const environment = readProc(pid, 'environ');
    return environment !== undefined && texts.some((text) => environment.includes(text));
  });
}

/** Direct children of `pid`. */
export function childPids(pid: number): number[] {
  return otherPids().filter((other) => parentPid(other) === pid);
}

function otherPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid);
  } catch {
    return []; // expected on macOS
  }
}
