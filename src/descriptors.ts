/**
 * The open files that whoever starts claudex hands down to it. Node keeps those up to 15 or so from its children, and not the
 * rest (libuv, uv_disable_stdio_inheritance); which is wrong both for a claude that is told of one and for what runs on without us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC in `/proc/<pid>/fdinfo`. */
const closedOnExec = 0o2000000;

/** `stdio` of a process to be started, by descriptor. */
export type Stdio = Array<number | 'ignore' | 'inherit' | 'pipe'>;

/** Those that arguments name, as far as they are open: a shell's `<(…)` is a word like `/dev/fd/63`. */
export function namedDescriptors(args: readonly string[]): number[] {
  return args.flatMap((word) => {
    const match = /(?:^|=)\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(word);
    const fd = Number(match?.[1] ?? 0);
    return fd > 2 && isOpen(fd) ? [fd] : [];
  });
}

/** Puts `what` at that place, which need not be the next one. */
export function placeDescriptor(stdio: Stdio, fd: number, what: Stdio[number]): void {
  while (stdio.length < fd) stdio.push('ignore');
  stdio[fd] = what;
}

export interface BackgroundOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets the output of both kinds. */
  errorLog: number;
}

/**
 * Starts Node on `args` to run on without us. It holds nothing open that our caller has handed down: a script's lock would
 * not be free before its end. Descriptor 3 is a pipe to us.
 */
export function spawnBackground(args: readonly string[], { cwd, env, errorLog }: BackgroundOptions): ChildProcess {
  const nowhere = openSync('/dev/null', 'r');
  const stdio: Stdio = ['ignore', errorLog, errorLog, 'pipe'];
  for (const fd of inheritable()) if (fd > 3) placeDescriptor(stdio, fd, nowhere);
  try {
    return spawn(process.execPath, [...process.execArgv, ...args], { cwd, env, detached: true, stdio });
  } finally {
    closeSync(nowhere);
  }
}

/** Ours that a child would get, and where the system does not tell (no /proc) those that it would not get as well. */
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

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false; // EBADF
  }
}
