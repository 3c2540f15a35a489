/** What a process was started with. */
import { readFileSync } from 'node:fs';
import { ps } from './identity.ts';

/** The words of its command line, itself first; where there is no /proc they are what stands between spaces. Empty when it is gone. */
export function commandLineOf(pid: number): string[] {
  if (process.platform !== 'linux') return ps(pid, 'args')?.split(' ') ?? [];
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return []; // the process is gone
  }
}
