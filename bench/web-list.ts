/** What the list and the events cost with many sessions and two hundred programs that follow them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get as httpGet } from 'node:http';
import { join } from 'node:path';
import type { DaemonClient } from '../src/daemon-client/client.ts';
import { processStartTime } from '../src/process/identity.ts';
import { until } from '../test/support/until.ts';
import { startWeb } from '../test/support/web.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, median, percentile } from './figure.ts';
import { residentMb } from './proc.ts';
import { webFigure } from './web-figure.ts';

const clients = 200;
/** Each program asks for the list this often. */
const askEveryMs = 4000;

/** Programs that all follow the events and ask for the list from time to time. */
export async function measureList(
  sessions: number,
  forMs: number,
  progress: (text: string) => void,
): Promise<Figure[]> {
  const { home, client, daemonPid } = await startBenchHome();
  const web = await startWeb(home);
  const token = await web.token('view');
  progress(`${sessions} sessions, ${clients} programs`);
  const ends = await startSessions(client, sessions, home.cwd, join(home.home, '.claude'));
  await until(async () => (await web.send('/api/v1/sessions', { token })).json.sessions.length === sessions, {
    timeoutMs: 60_000,
  });
  progress('all are there');
  const streams = await Promise.all(Array.from({ length: clients }, () => openEvents(web.port, token)));
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const tookMs: number[] = [];
  const endAt = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index / clients) * askEveryMs));
      while (performance.now() < endAt) {
        tookMs.push(await fetchMs(web.port, token, agent));
        await new Promise((resolve) => setTimeout(resolve, askEveryMs));
      }
    }),
  );
  progress('events');
  const legs = await measureEvents(client, streams, ends.slice(0, 20));
  const memory = residentMb(web.child.pid!);
  for (const { close } of streams) close();
  agent.destroy();
  await Promise.all(ends.map((end) => end()));
  const note = `${tookMs.length} requests of ${clients} programs, ${sessions} sessions; the programs run on the same cores`;
  const all = [
    webFigure('GET /sessions, p50', percentile(tookMs, 50), 'ms', undefined, note),
    webFigure('GET /sessions, p99', percentile(tookMs, 99), 'ms', 20),
    webFigure('a session ends → all event streams, p50', median(legs.wholeMs), 'ms', 50, `${clients} streams`),
    webFigure('a session ends → all event streams, p99', percentile(legs.wholeMs, 99), 'ms'),
    webFigure('of that: until the daemon says so, p50', median(legs.saidMs), 'ms'),
    webFigure('of that: from there to the last stream, p50', median(legs.reachedMs), 'ms'),
    webFigure('server with all of them, resident memory', memory, 'MB'),
    webFigure('its daemon, resident memory', residentMb(daemonPid), 'MB'),
  ];
  await home.dispose();
  return all;
}

/** The way of a change in legs: until the daemon has said it, and from there until the last of all streams has it. */
async function measureEvents(
  client: DaemonClient,
  streams: readonly EventLog[],
  ends: readonly (() => Promise<void>)[],
): Promise<{ wholeMs: number[]; saidMs: number[]; reachedMs: number[] }> {
  let said = (): void => undefined;
  const own = await client.events();
  const reading = (async () => {
    for await (const event of own) if (event.type === 'session' && event.session.state === 'gone') said();
  })();
  const legs = { wholeMs: [] as number[], saidMs: [] as number[], reachedMs: [] as number[] };
  for (const end of ends) {
    const seen = streams.map((stream) => stream.next('session_removed'));
    const daemonSays = new Promise<number>((resolve) => (said = () => resolve(performance.now())));
    const startedAt = performance.now();
    await end();
    const saidAt = await daemonSays;
    await Promise.all(seen);
    legs.saidMs.push(saidAt - startedAt);
    const seenAt = performance.now();
    legs.reachedMs.push(seenAt - saidAt);
    legs.wholeMs.push(seenAt - startedAt);
  }
  own.close();
  await reading;
  return legs;
}

interface EventLog {
  /** The next event of that type. */
  next(type: string): Promise<void>;
  close(): void;
}

function openEvents(port: number, token: string): Promise<EventLog> {
  return new Promise((resolve, reject) => {
    let waiting: { type: string; seen: () => void } | undefined;
    const request = httpGet(
      { host: '127.0.0.1', port, path: '/api/v1/events', agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          if (!waiting || !text.includes(`event: ${waiting.type}\n`)) return;
          waiting.seen();
          waiting = undefined;
        });
        resolve({
          next: (type) => new Promise<void>((seen) => (waiting = { type, seen })),
          close: () => request.destroy(),
        });
      },
    );
    request.once('error', reject);
  });
}

function fetchMs(port: number, token: string, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    httpGet(
      { host: '127.0.0.1', port, path: '/api/v1/sessions', agent, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(performance.now() - startedAt));
      },
    ).once('error', reject);
  });
}

/** Sessions that never come to rest: processes that the daemon is told of, with no claude in them. */
async function startSessions(
  client: DaemonClient,
  count: number,
  cwd: string,
  configDir: string,
): Promise<(() => Promise<void>)[]> {
  const ends: (() => Promise<void>)[] = [];
  for (let index = 0; index < count; index++) {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const startTime = processStartTime(child.pid!)!;
    const stream = await client.supervise({
      pid: child.pid!,
      startTime,
      supervisorPid: process.pid,
      cwd: `${cwd}/${index}`,
      configDir,
    });
    ends.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      // a supervisor leaves when its claude has ended, not before
      stream.close();
    });
  }
  return ends;
}
