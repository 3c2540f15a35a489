/** Is memory short here? Node's own figure misleads in two places: on macOS, and where a container has a limit. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/** Below this much memory that could be had, no process is kept for later. A claude takes about 300 MB. */
const lowMemoryBytes = 512 * 1024 * 1024;
const askAgainAfterMs = 5000;
/** 1 normal, 2 warning, 4 critical (Darwin, kern.memorystatus_vm_pressure_level). */
const normalPressure = 1;

let pressure = normalPressure;
let askedAt = Number.NEGATIVE_INFINITY;

/** On macOS as of the last look, which each call renews at most every five seconds. */
export function isMemoryShort(): boolean {
  if (process.platform === 'darwin') {
    askPressure();
    return pressure > normalPressure;
  }
  const figures = { free: freemem(), available: process.availableMemory(), limit: process.constrainedMemory() };
  return availableBytes({ ...figures, total: totalmem() }, readText) < lowMemoryBytes;
}

/**
 * Memory that a new process could have on Linux. Under a limit Node counts the files that the kernel keeps in memory as used
 * (libuv: limit - memory.current); the kernel gives those up before anybody is killed.
 * @param figures bytes: the machine's free and total memory, Node's available memory, the limit
 */
export function availableBytes(
  figures: { free: number; total: number; available: number; limit: number },
  read: (path: string) => string | undefined,
): number {
  const { free, total, available, limit } = figures;
  if (limit === 0 || limit >= total) return available;
  return Math.min(free, available + cachedFileBytes(read));
}

function cachedFileBytes(read: (path: string) => string | undefined): number {
  const groups = read('/proc/self/cgroup') ?? '';
  const [, v1] = /^\d+:memory:(.*)$/m.exec(groups) ?? [];
  const [, v2 = ''] = /^0::(.*)$/m.exec(groups) ?? [];
  const root = v1 === undefined ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  // inside a container its own group may be the root of what is to be seen
  const stat = read(`${root}${v1 ?? v2}/memory.stat`) ?? read(`${root}/memory.stat`) ?? '';
  const prefix = v1 === undefined ? '' : 'total_';
  const lines = stat.matchAll(new RegExp(`^${prefix}(?:in)?active_file (\\d+)$`, 'gm'));
  return [...lines].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** Free pages say nothing on macOS, which fills them with what can be thrown away; the kernel's own word does. */
function askPressure(): void {
  if (performance.now() - askedAt < askAgainAfterMs) return;
  askedAt = performance.now();
  const child = execFile(
    '/usr/sbin/sysctl',
    ['-n', 'kern.memorystatus_vm_pressure_level'],
    { timeout: 2000 },
    (error, text) => {
      pressure = error ? normalPressure : Number(text);
    },
  );
  child.unref();
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // no such group to be seen from here
  }
}
