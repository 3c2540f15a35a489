/** What the relays cost while nothing happens. */
import { readFileSync } from 'node:fs';
import { childPids } from '../test/support/processes.ts';
import type { Figure, MeasureOptions } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { floor, openRelay, type Stage } from './relay-stage.ts';

export async function measureIdle(stage: Stage, { quick, progress }: MeasureOptions): Promise<Figure[]> {
  const seconds = quick ? 5 : 20;
  const open = [];
  for (const relay of stage.relays.filter(({ name }) => name !== 'directly')) {
    open.push({ name: relay.name, ...(await openRelay(stage, relay, stage.programs.idle)) });
  }
  // until claudex has registered with its daemon and everything it loads late is loaded
  await sleep(10_000);
  const claudex = open.at(-1)!;
  const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const before = open.map(({ pids }) => cpuOf(pids));
  const wakeupsBefore = wakeups(claudex.terminal.pid);
  progress(`${seconds} idle seconds`);
  await sleep(seconds * 1000);
  const cost = open.map(({ name, pids }, index) => ({
    name,
    percent: (cpuOf(pids) - before[index]!) / (seconds * 10),
    mb: pids.reduce((sum, pid) => sum + residentMb(pid), 0),
  }));
  const least = cost.find(({ name }) => name === floor)!;
  const figures: Figure[] = [
    ...cost.map(
      ({ name, percent }): Figure => ({
        measurement: 'relay',
        name: `idle: CPU of one core, ${name}`,
        value: percent,
        unit: '%',
        ...(name === 'claudex' ? { target: { max: 0.1 } } : {}),
        note: `${seconds} s`,
      }),
    ),
    {
      measurement: 'relay',
      name: 'idle: times claudex woke up',
      value: wakeups(claudex.terminal.pid) - wakeupsBefore,
      unit: 'times',
      target: { max: 0, name: 'no timers' },
      note: `main thread, ${seconds} s`,
    },
    ...cost.map(
      ({ name, mb }): Figure => ({
        measurement: 'relay',
        name: `idle: resident memory, ${name}`,
        value: mb,
        unit: 'MB',
        baseline: { name: floor, value: least.mb },
        ...(name === 'claudex' ? { target: { max: 60 } } : {}),
      }),
    ),
  ];
  for (const { terminal, pids } of open) {
    // the program: the relay ends with it
    for (const parent of pids) for (const child of childPids(parent)) process.kill(child, 'SIGKILL');
    await terminal.exited;
  }
  return figures;
}

/** How often the main thread has gone to sleep: each time something had woken it. */
export function wakeups(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
