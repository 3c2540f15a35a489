/**
 * From `claudex send` being done to claude having submitted the prompt: the real claude, idle, supervised, typed into.
 * All times are read off the same machine's clock: the daemon's in the message's history, ours at output and exit.
 */
import { spawn } from 'node:child_process';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { isFinal, type Message } from '../src/protocol/message.ts';
import { startClaudex } from '../test/support/claudex.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { startLoopbackApi } from '../test/support/loopback-api.ts';
import { areIdle, startBenchHome, waitForSessions } from './bench-home.ts';
import { type Figure, type Measurement, median, percentile } from './figure.ts';

export const measureSend: Measurement = async ({ quick, progress }) => {
  const api = await startLoopbackApi(() => ({ text: 'done' }));
  try {
    const { home, client } = await startBenchHome(['api']);
    const env = home.env(api);
    const driver = startClaudex([], { cwd: home.dir('api'), env });
    await waitForSessions(client, areIdle(1));
    const fromExit: number[] = [];
    const fromPrint: number[] = [];
    const fromAccept: number[] = [];
    const command: number[] = [];
    for (let round = -1; round < (quick ? 5 : 30); round++) {
      const sent = await sendOnce(home.root, env, `task ${round}: say done`);
      const message = await waitForEnd(client, sent.id);
      const submitted = message.history.find((change) => change.state === 'delivered');
      if (message.state !== 'answered' || submitted?.route !== 'paste') {
        throw new Error(`message ${round} went another way: ${JSON.stringify(message)}`);
      }
      await waitForSessions(client, areIdle(1));
      if (round < 0) continue; // the first turn of a session is its slowest
      fromExit.push(submitted.at - sent.exitedAt);
      fromPrint.push(submitted.at - sent.printedAt);
      fromAccept.push(submitted.at - message.acceptedAt);
      command.push(sent.tookMs);
      progress(`send ${round + 1}: submitted ${fromPrint.at(-1)!.toFixed(0)} ms after its id was printed`);
    }
    await driver.dispose();
    const figure = (name: string, value: number, target?: Figure['target']): Figure => ({
      measurement: 'send',
      name,
      value,
      unit: 'ms',
      ...(target && { target }),
    });
    return [
      {
        ...figure('`send` returned → UserPromptSubmit, p50', median(fromExit), { max: 200 }),
        note: `${command.length} sends`,
      },
      figure('`send` returned → UserPromptSubmit, p90', percentile(fromExit, 90)),
      figure('id printed → UserPromptSubmit, p50', median(fromPrint), { max: 200 }),
      figure('accepted → UserPromptSubmit, p50', median(fromAccept)),
      figure('accepted → UserPromptSubmit, p90', percentile(fromAccept, 90)),
      figure('the `claudex send` command, p50', median(command)),
    ];
  } finally {
    await api.close();
  }
};

interface Sent {
  id: string;
  printedAt: number;
  exitedAt: number;
  tookMs: number;
}

async function sendOnce(cwd: string, env: Record<string, string>, text: string): Promise<Sent> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [claudexBin, 'send', 'api', text], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let id = '';
  let printedAt = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printedAt ||= clock();
    id += chunk;
  });
  let exitedAt = 0;
  child.once('exit', () => {
    exitedAt = clock();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`claudex send: exit ${code}`);
  return { id: id.trim(), printedAt, exitedAt, tookMs: performance.now() - startedAt };
}

/** Milliseconds since the epoch with a fraction; the daemon's own has none, so figures are good to ±0.5 ms. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

async function waitForEnd(client: DaemonClient, id: string): Promise<Message> {
  const events = await client.events();
  const timer = setTimeout(() => events.close(), 20_000);
  try {
    for await (const event of events) {
      if (event.type === 'session') continue;
      const message = await client.message(id);
      if (isFinal(message.state)) return message;
    }
    throw new Error(`no end within 20 s: ${JSON.stringify(await client.message(id))}`);
  } finally {
    clearTimeout(timer);
    events.close();
  }
}
