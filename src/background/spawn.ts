/** What runs on without us: the daemon, the worker of `claudex prompt`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { isOpen, placeDescriptor, type Stdio } from '../process/descriptors.ts';

/** O_CLOEXEC in `/proc/<pid>/fdinfo`. */
const closedOnExec = 0o2000000;

export interface BackgroundOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets the output of both kinds. */
  errorLog: number;
  /** What it gets beside, each by the descriptor that it has there: one of ours, or a pipe to us. */
  descriptors?: ReadonlyArray<readonly [at: number, what: number | 'pipe']>;
}

/**
 * Starts Node on `args` to run on without us. It holds nothing open that our caller has handed down: a script's lock would
 * not be free before its end. Descriptor 3 is a pipe to us.
 */
export function spawnBackground(
  args: readonly string[],
  { cwd, env, errorLog, descriptors = [] }: BackgroundOptions,
): ChildProcess {
  const nowhere = openSync('/dev/null', 'r');
  const stdio: Stdio = ['ignore', errorLog, errorLog, 'pipe'];
  for (const fd of inheritable()) if (fd > 3) placeDescriptor(stdio, fd, nowhere);
  for (const [at, what] of descriptors) placeDescriptor(stdio, at, what);
  try {
    return spawn(process.execPath, [...process.execArgv, ...args], { cwd, env, detached: true, stdio });
  } finally {
    closeSync(nowhere);
  }
}

/** Our descriptors that a child would inherit. Without /proc nobody can say which: then all that are open. */
function inheritable(): number[] {
  const isTold = process.platform === 'linux';
  return readdirSync(isTold ? '/proc/self/fdinfo' : '/dev/fd')
    .map(Number)
    .filter((fd) => (isTold ? isInheritable(fd) : isOpen(fd)))
    .sort((a, b) => a - b);
}

function isInheritable(fd: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
    return (Number.parseInt(flags, 8) & closedOnExec) === 0;
  } catch {
    return false; // the folder's own, closed by now
  }
}
