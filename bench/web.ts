/** What `claudex web` makes of many sessions and many clients: asking for the list, an event to all of them, its memory. */
import { Agent, get, type IncomingMessage } from 'node:http';
import { Devices } from '../src/web/devices.ts';
import { tokenPrefix } from '../src/web/gate.ts';
import { aRecord, startDaemonStandIn } from '../test/support/daemon-stand-in.ts';
import { createHermeticHome } from '../test/support/hermetic-home.ts';
import { registerResource } from '../test/support/resources.ts';
import { startWeb } from '../test/support/web.ts';
import { type Measurement, median, percentile } from './figure.ts';
import { residentMb } from './proc.ts';

const sessions = 1000;
const clients = 200;

export const measureWeb: Measurement = async ({ quick, progress }) => {
  const home = createHermeticHome();
  const daemon = await startDaemonStandIn(home.env());
  registerResource({ label: 'daemon stand-in', dispose: () => daemon.close() });
  daemon.sessions = Array.from({ length: sessions }, (_, at) => aRecord({ id: `s${String(at).padStart(7, '0')}` }));
  const web = await startWeb(home);
  const { secret } = new Devices(home.env()).add({ name: 'bench', kind: 'program', scopes: ['view'], target: null });
  const headers = { authorization: `Bearer ${tokenPrefix}${secret}` };
  const url = (path: string): string => `${web.url}/api/v1${path}`;

  let told: ((text: string) => void) | undefined;
  const open = await Promise.all(
    Array.from({ length: clients }, async () => {
      const response = await new Promise<IncomingMessage>((resolve) =>
        get(url('/events'), { headers, agent: false }, resolve),
      );
      response.setEncoding('utf8').on('data', (text: string) => told?.(text));
      return response;
    }),
  );
  registerResource({ label: 'streams', dispose: () => open.forEach((one) => void one.destroy()) });
  progress(`${clients} clients listen`);

  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  registerResource({ label: 'agent', dispose: () => agent.destroy() });
  const list = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      get(url('/sessions'), { headers, agent }, (response) => {
        response.on('data', () => undefined).once('end', () => resolve(performance.now() - startedAt));
      }).once('error', reject);
    });
  const listMs: number[] = [];
  for (let round = 0; round < (quick ? 200 : 2000); round++) {
    // every tenth time the list has changed since
    if (round % 10 === 0)
      daemon.emit({ type: 'session', session: { ...daemon.sessions[round % sessions]!, pending: round } });
    listMs.push(await list());
  }
  progress(`list: p99 ${percentile(listMs, 99).toFixed(1)} ms`);

  const eventMs: number[] = [];
  for (let round = 0; round < (quick ? 20 : 100); round++) {
    const mark = `mark-${round}-`;
    const startedAt = performance.now();
    let count = 0;
    await new Promise<void>((resolve) => {
      told = (text) => {
        if (text.includes(mark) && ++count === clients) resolve();
      };
      daemon.emit({ type: 'session', session: { ...daemon.sessions[0]!, alias: mark } });
    });
    eventMs.push(performance.now() - startedAt);
  }
  told = undefined;
  const memory = residentMb(web.child.pid!);
  return [
    {
      measurement: 'web',
      name: `GET /sessions of ${sessions}, beside ${clients} listening clients, p99`,
      value: percentile(listMs, 99),
      unit: 'ms',
      target: { max: 20 },
      note: `p50 ${median(listMs).toFixed(1)} ms; every tenth list is another`,
    },
    {
      measurement: 'web',
      name: `an event until the last of ${clients} clients has it, p99`,
      value: percentile(eventMs, 99),
      unit: 'ms',
      target: { max: 50 },
      note: `p50 ${median(eventMs).toFixed(1)} ms; clients in one process`,
    },
    { measurement: 'web', name: 'memory of the server then', value: memory, unit: 'MB' },
  ];
};
