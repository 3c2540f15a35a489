/**
 * What a message takes to a session of another machine, until its proof is back: beside the same in one home. Two real machines, a
 * real nats-server and claude; the line of the sending machine is late by `oneWayMs` each way.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { startClaudex } from '../test/support/claudex.ts';
import { startLoopbackApi } from '../test/support/loopback-api.ts';
import { invite, joinWith, startMesh, untilSeen } from '../test/support/mesh.ts';
import { registerResource } from '../test/support/resources.ts';
import { startBenchHome, waitForSessions } from './bench-home.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';

const oneWayMs = 40;

export const measureMeshSend: Measurement = async ({ quick, progress }) => {
  const rounds = quick ? 5 : 30;
  const api = await startLoopbackApi(() => ({ text: 'done' }));
  const there = await startBenchHome(['api']);
  const here = await startBenchHome(['desk']);
  const mesh = await startMesh(there.home, 'there');
  const line = await startLateLine(mesh.port);
  const seed = await invite(there.home, 'here');
  const joined = await joinWith(here.home, `nats://127.0.0.1:${line}`, 'here', seed);
  if (joined.code !== 0) throw new Error(joined.stderr);
  await untilSeen(here.home, ({ machines }) => machines[0]?.name === 'there' && !machines[0].away);
  const driver = startClaudex([], { cwd: there.home.dir('api'), env: there.home.env(api) });
  const isIdle = (): Promise<unknown> =>
    waitForSessions(there.client, (all) => all.length === 1 && all[0]!.state === 'idle');
  await isIdle();
  await untilSeen(here.home, ({ machines }) => machines[0].sessions[0]?.state === 'idle');
  const local: number[] = [];
  const across: number[] = [];
  for (let round = -1; round < rounds; round++) {
    // in turns: this machine drifts
    const one = await proofMs(there.client, 'api', `local ${round}`);
    await isIdle();
    const other = await proofMs(here.client, 'api@there', `across ${round}`);
    await isIdle();
    if (round < 0) continue; // the first turn of a session is its slowest
    local.push(one);
    across.push(other);
    progress(`${round + 1}: ${one.toFixed(0)} ms in one home, ${other.toFixed(0)} ms across`);
  }
  const roundTripMs = 2 * oneWayMs;
  const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
    measurement: 'mesh-send',
    name,
    value,
    unit: 'ms',
    ...more,
  });
  const max = median(local) + 2 * roundTripMs + 20;
  await driver.dispose();
  await mesh.stop();
  await Promise.all([here.home.dispose(), there.home.dispose()]);
  await api.close();
  return [
    figure('message accepted → its proof is known here, p50', median(across), {
      target: { max, name: 'in one home + 2 round trips + 20' },
      baseline: { name: 'in one home', value: median(local) },
      note: `${rounds} of each, in turns; a round trip takes ${roundTripMs} ms`,
    }),
    figure('the same, p90', percentile(across, 90), {
      baseline: { name: 'in one home', value: percentile(local, 90) },
    }),
  ];
};

/** From the daemon's word that it has the message to its event that claude has it. */
async function proofMs(client: DaemonClient, to: string, text: string): Promise<number> {
  const events = await client.events();
  try {
    const { id } = await client.send({
      target: to,
      body: text,
      kind: 'task',
      when: 'idle',
      sender: { kind: 'user', label: 'bench' },
    });
    const acceptedAt = performance.now();
    for await (const event of events) {
      if (event.type !== 'message' || event.message.id !== id) continue;
      const { state } = event.message;
      if (state === 'delivered' || state === 'answered') return performance.now() - acceptedAt;
      if (state === 'failed' || state === 'stuck') throw new Error(`${text}: ${state}`);
    }
    throw new Error(`${text}: the daemon has gone`);
  } finally {
    events.close();
  }
}

/** A port that leads to that one, with every byte late. */
async function startLateLine(toPort: number): Promise<number> {
  const open = new Set<Socket>();
  const late = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), oneWayMs));
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
  };
  const line = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay();
      open.add(socket);
    }
    late(near, far);
    late(far, near);
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  registerResource({
    label: 'a late line',
    dispose: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => line.close(() => resolve()));
    },
  });
  return (line.address() as AddressInfo).port;
}
