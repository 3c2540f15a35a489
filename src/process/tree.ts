/**
 * The processes that hang below one of ours, also those that have cut themselves loose (`setsid`, `nohup … &`): on Linux
 * every process keeps the environment it was started with, and ours carry a mark in it. Elsewhere `ps` shows the tree, and
 * process groups stand in for the mark.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { steadyNow } from './clock.ts';

/** In the environment of every claude that we keep warm, and of all it starts; the hooks are silent where it is set. */
export const warmVariable = 'CLAUDEX_WARM';

export interface ProcessEntry {
  pid: number;
  /** Tells it from the next process with that pid. */
  started: string;
  parent: number;
  /** Process group; 0 on Linux, where the mark tells more. */
  group: number;
  /** It carries the mark. */
  marked: boolean;
}

/**
 * Everything below `root` (itself not counted), or that carries `mark` in its environment. Zombies are left out.
 * @param root undefined when it has ended: its pid may be somebody else's by now
 * @param mark a whole mark, or `<pid>-` for every mark that the process with that pid has given
 */
export async function processesBelow(root: number | undefined, mark: string): Promise<number[]> {
  return entriesBelow(root, await readAll(mark)).map(({ pid }) => pid);
}

function entriesBelow(root: number | undefined, all: readonly ProcessEntry[]): ProcessEntry[] {
  const below = new Set(root === undefined ? [] : [root]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  const groups = new Set(all.filter(({ pid }) => below.has(pid)).map(({ group }) => group));
  const found = all.filter(({ pid, group, marked }) => below.has(pid) || marked || (group > 1 && groups.has(group)));
  return found.filter(({ pid }) => pid !== root && pid !== process.pid);
}

/** Ends `root` and all below it, at once; resolves when none is left, or after two seconds. */
export async function killTree(root: number | undefined, mark: string): Promise<void> {
  // what is found before the root dies is found by its parents; what cuts itself loose in between, by the mark
  const first = await readAll(mark);
  const known = first.filter(({ pid }) => pid === root).concat(entriesBelow(root, first));
  for (const { pid } of known) kill(pid);
  const deadline = steadyNow() + 2000;
  for (;;) {
    const left = stillThere(known, await readAll(mark));
    if (left.length === 0 || steadyNow() > deadline) return;
    for (const { pid } of left) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Those of `now` that carry the mark or are among `known`: a pid alone may be somebody else's by now. */
export function stillThere(known: readonly ProcessEntry[], now: readonly ProcessEntry[]): ProcessEntry[] {
  const identity = ({ pid, started }: ProcessEntry): string => `${pid} ${started}`;
  const wanted = new Set(known.map(identity));
  return now.filter((entry) => entry.pid !== process.pid && (entry.marked || wanted.has(identity(entry))));
}

function readAll(mark: string): Promise<ProcessEntry[]> {
  return process.platform === 'linux' ? readProc(mark) : readPs();
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

async function readProc(mark: string): Promise<ProcessEntry[]> {
  const needle = `${warmVariable}=${mark}`;
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(
    names.map(async (name): Promise<ProcessEntry | undefined> => {
      try {
        const stat = await readFile(`/proc/${name}/stat`, 'latin1');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return undefined;
        const marked = (await readEnvironment(name)).includes(needle);
        return { pid: Number(name), started: fields[19] ?? '', parent: Number(fields[1]), group: 0, marked };
      } catch {
        return undefined; // it has ended
      }
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

async function readEnvironment(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // somebody else's
  }
}

function readPs(): Promise<ProcessEntry[]> {
  const args = ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='];
  return new Promise((resolve) => {
    execFile('ps', args, { encoding: 'utf8', timeout: 2000 }, (error, text) => {
      if (error) return resolve([]);
      const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
      resolve(
        rows
          .filter((row) => row.length > 4 && !row[3]!.startsWith('Z'))
          .map(([pid, parent, group, _state, ...started]) => ({
            pid: Number(pid),
            started: started.join(' '),
            parent: Number(parent),
            group: Number(group),
            marked: false,
          })),
      );
    });
  });
}
