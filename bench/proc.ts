/** What /proc knows of a process (Linux only). */
import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory in megabytes (10^6 bytes). */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6;
}

/** The most it has had resident so far, in megabytes (10^6 bytes); 0 once it is gone. */
export function peakResidentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return (Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0; // it has ended
  }
}

/** Milliseconds all threads of the process have run so far; nanosecond clock, /proc/<pid>/stat only knows 10 ms. */
export function cpuMs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // that thread has ended meanwhile
    }
  }
  return ns / 1e6;
}
