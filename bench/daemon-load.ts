/**
 * What the daemon does with a flood: ten thousand messages accepted, each on disk (fsync) before its sender hears of it.
 * Once for folders in which nobody runs yet (--hold), once for a few busy sessions, once with a thousand of them. The senders
 * run on the same cores.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { processStartTime } from '../src/process/identity.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, percentile } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';

const concurrency = 8;
const folders = 20;
const fewSessions = 4;
const manySessions = 1000;

export const measureDaemonLoad: Measurement = async ({ quick, progress }) => {
  const total = quick ? 2000 : 10_000;
  const held = await startBenchHome();
  progress(`${total} messages for ${folders} folders`);
  const toFolders = await flood(held.client, total, (index) => `/nowhere/folder-${index % folders}`);
  const heldFigures = figures(`held for ${folders} folders`, toFolders, held.daemonPid);
  await held.home.dispose();

  const forFew = await floodSessions(total, fewSessions, progress);
  const forMany = await floodSessions(total, quick ? 100 : manySessions, progress);
  return [...heldFigures, ...forFew, ...forMany];
};

async function floodSessions(total: number, count: number, progress: (text: string) => void): Promise<Figure[]> {
  const busy = await startBenchHome();
  const targets = await startSessions(busy.client, count, busy.home.cwd, join(busy.home.home, '.claude'));
  const before = residentMb(busy.daemonPid);
  progress(`${total} messages for ${count} sessions`);
  const flooded = await flood(busy.client, total, (index) => targets.ids[index % count]!);
  const all = figures(`queued for ${count} sessions`, flooded, busy.daemonPid, `${before.toFixed(0)} MB before them`);
  targets.end();
  await busy.home.dispose();
  return all;
}

interface FloodResult {
  acceptMs: number[];
  seconds: number;
}

/** `concurrency` senders, each with one message on its way at a time. */
async function flood(client: DaemonClient, total: number, target: (index: number) => string): Promise<FloodResult> {
  const acceptMs: number[] = [];
  let next = 0;
  const body = 'Rerun the migration check and tell me what is still to be run. '.repeat(4);
  const sender = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      const startedAt = performance.now();
      await client.send({
        target: target(index),
        body,
        kind: 'task',
        when: 'idle',
        sender: { kind: 'user', label: 'bench' },
        hold: true,
      });
      acceptMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, sender));
  return { acceptMs, seconds: (performance.now() - startedAt) / 1000 };
}

function figures(what: string, result: FloodResult, daemonPid: number, memoryNote?: string): Figure[] {
  const total = result.acceptMs.length;
  const lastTenth = result.acceptMs.slice(-total / 10);
  const of = (name: string, value: number, unit: string, target?: Figure['target'], note?: string): Figure => ({
    measurement: 'daemon-load',
    name: `${what}: ${name}`,
    value,
    unit,
    ...(target && { target }),
    ...(note !== undefined && { note }),
  });
  const note = `${total} messages, ${concurrency} senders`;
  return [
    of('accept, p50', percentile(result.acceptMs, 50), 'ms', undefined, note),
    of('accept, p99', percentile(result.acceptMs, 99), 'ms', { max: 10 }),
    of('accept, p50 of the last tenth', percentile(lastTenth, 50), 'ms', undefined, 'grows with the queue?'),
    of('accepted', total / result.seconds, '/s', { min: 1000 }),
    of('daemon CPU for one', cpuMs(daemonPid) / total, 'ms'),
    of('daemon, resident memory', residentMb(daemonPid), 'MB', { max: 150 }, memoryNote),
  ];
}

/** Sessions that never come to rest: processes the daemon is told of, with no claude in them. */
async function startSessions(
  client: DaemonClient,
  count: number,
  cwd: string,
  configDir: string,
): Promise<{ ids: string[]; end: () => void }> {
  const ends: Array<() => void> = [];
  for (let index = 0; index < count; index++) {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const stream = await client.supervise({
      pid: child.pid!,
      startTime: processStartTime(child.pid!)!,
      supervisorPid: process.pid,
      cwd: `${cwd}/${index}`,
      configDir,
    });
    ends.push(() => {
      stream.close();
      child.kill();
    });
  }
  return {
    ids: (await client.sessions()).map((session) => session.id),
    end: () => {
      for (const end of ends) end();
    },
  };
}
