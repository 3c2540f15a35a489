/**
 * What a mesh of two hundred machines costs one of them: `claudex list`, its bridge's memory and work, what goes over the line.
 * One real machine with a real nats-server; the others are connections that tell what bridges tell.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CurrentServerRecord, newKey, readServer, runningServer, writeServer } from '../src/mesh/server-files.ts';
import { repositoryRoot, runClaudex } from '../test/support/claudex.ts';
import { freePort, startMesh, untilSeen } from '../test/support/mesh.ts';
import { registerProcess } from '../test/support/resources.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median } from './figure.ts';
import type { CrowdOrder } from './mesh-crowd.ts';
import { cpuMs, peakResidentMb, residentMb } from './proc.ts';

const sessions = 20;
/** As many machines of the crowd look at everybody; all of two hundred would be the work of two hundred computers on this one. */
const watchers = 10;

export const measureMesh: Measurement = async ({ quick, progress }) => {
  const machines = quick ? 50 : 200;
  const { home, daemonPid } = await startBenchHome();
  const alone = await listMs(home.env(), 20);
  const port = await freePort();
  // who may come in is written down before the server reads it: two hundred invitations are two hundred reloads
  const first = await startMesh(home, 'here', port);
  await first.stop();
  const record = readServer(home.env()) as CurrentServerRecord;
  const crowd = Array.from({ length: machines - 1 }, (_, index) => ({ name: `m${index}`, ...newKey() }));
  const users = crowd.map(({ name, publicKey }) => ({ name, nkey: publicKey }));
  writeServer(home.env(), { ...record, users: [...record.users, ...users] });
  const mesh = await startMesh(home, 'here', port);
  const serverPid = runningServer(home.env())!;
  progress(`${machines} machines`);
  const others = startCrowd({
    url: mesh.url,
    machines: crowd.map(({ name, seed }) => ({ name, nkey: seed })),
    sessions,
    watchers,
  });
  await others.line();
  await untilSeen(
    home,
    (seen) => seen.machines.length === machines - 1 && seen.machines.every(({ away }: { away: boolean }) => !away),
  );
  const bridgePid: number = JSON.parse(readFileSync(join(home.claudexHome, 'mesh', 'bridge.lock'), 'utf8')).pid;

  progress('heartbeats alone');
  const restMs = quick ? 10_000 : 30_000;
  const rest = await over(restMs, [bridgePid, serverPid], others);
  progress('every machine changes something every two seconds');
  const busyMs = quick ? 6000 : 20_000;
  const changing = setInterval(() => others.say('r'), 2000);
  const busy = await over(busyMs, [bridgePid, serverPid], others);
  const listed = await listMs(home.env(), quick ? 5 : 20);
  clearInterval(changing);
  const recordBytes = Buffer.byteLength(
    JSON.stringify(JSON.parse(readFileSync(join(home.claudexHome, 'mesh', 'seen.json'), 'utf8')).machines[0]),
  );
  const { stdout } = await runClaudex(['list', '--json'], { env: home.env() });
  const count = JSON.parse(stdout).length;
  if (count !== (machines - 1) * sessions) throw new Error(`${count} sessions are listed`);

  const figure = (name: string, value: number, unit: string, max?: number, note?: string): Figure => ({
    measurement: 'mesh',
    name,
    value,
    unit,
    ...(max !== undefined && { target: { max } }),
    ...(note !== undefined && { note }),
  });
  const all = [
    {
      ...figure(
        '`claudex list`, p50',
        median(listed),
        'ms',
        300,
        `${machines} machines × ${sessions} sessions, all changing`,
      ),
      baseline: { name: 'in no mesh', value: median(alone) },
    },
    figure('bridge, most resident memory', peakResidentMb(bridgePid), 'MB', 90),
    figure('bridge, heartbeats alone', (rest.cpu[0]! / restMs) * 100, '% of a core'),
    figure('bridge, every machine changes every 2 s', (busy.cpu[0]! / busyMs) * 100, '% of a core'),
    figure('heartbeats: into one machine', (rest.messagesIn / restMs) * 1000, 'messages/s'),
    figure(
      'changes as well: into one machine',
      (busy.messagesIn / busyMs) * 1000,
      'messages/s',
      undefined,
      `a record is ${(recordBytes / 1000).toFixed(1)} kB`,
    ),
    figure('daemon, resident memory', residentMb(daemonPid), 'MB'),
    figure(
      'nats-server, resident memory',
      residentMb(serverPid),
      'MB',
      undefined,
      `${watchers + 1} of them look at everybody`,
    ),
    figure('nats-server, heartbeats alone', (rest.cpu[1]! / restMs) * 100, '% of a core'),
  ];
  others.end();
  await mesh.stop();
  await home.dispose();
  return all;
};

async function listMs(env: Record<string, string>, rounds: number): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const { code, stderr } = await runClaudex(['list'], { env });
    took.push(performance.now() - startedAt);
    if (code !== 0) throw new Error(stderr);
  }
  return took;
}

interface Crowd {
  /** Its next line. */
  line(): Promise<{ stats?: { inMsgs: number } }>;
  say(word: string): void;
  end(): void;
}

function startCrowd(order: CrowdOrder): Crowd {
  const child = spawn(process.execPath, ['--import', 'tsx', join(repositoryRoot, 'bench/mesh-crowd.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  registerProcess(child.pid!, 'the other machines');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(order)}\n`);
  return {
    line: async () => JSON.parse((await lines.next()).value ?? '{}'),
    say: (word) => void child.stdin.write(`${word}\n`),
    end: () => void child.stdin.end('q\n'),
  };
}

/** What those processes worked in that time, and what came into a machine that looks at everybody. */
async function over(ms: number, pids: number[], crowd: Crowd): Promise<{ cpu: number[]; messagesIn: number }> {
  const messages = async (): Promise<number> => {
    crowd.say('s');
    for (;;) {
      const { stats, ...more } = (await crowd.line()) as { stats?: { inMsgs: number }; said?: string };
      if (stats && more.said === 's') return stats.inMsgs;
    }
  };
  const [before, messagesBefore] = [pids.map(cpuMs), await messages()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  const after = pids.map(cpuMs);
  return { cpu: after.map((each, index) => each - before[index]!), messagesIn: (await messages()) - messagesBefore };
}
