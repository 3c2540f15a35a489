/**
 * The other machines of `npm run bench -- mesh`, all in this one process: each with a connection and a key of its own, telling its
 * sessions and its heartbeat as a bridge does. Reads what to be as JSON on standard input; `r` there has every machine change its
 * record once; `q` ends it. Prints one line of JSON for each.
 */
import { createInterface } from 'node:readline';
import type { KV } from '@nats-io/kv';
import { connectMesh, openMachines } from '../src/mesh/connect.ts';
import { recordText } from '../src/mesh/machine-record.ts';
import { beatEveryMs } from '../src/mesh/seen-machines.ts';
import { aSession } from '../test/support/a-session.ts';

/** The first line of standard input. */
export interface CrowdOrder {
  url: string;
  machines: { name: string; nkey: string }[];
  sessions: number;
  /** The first of them look at everybody, as all real ones do. */
  watchers: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = JSON.parse((await lines.next()).value!) as CrowdOrder;

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

interface Machine {
  name: string;
  bucket: KV;
  connection: Awaited<ReturnType<typeof connectMesh>>;
}

const machines: Machine[] = [];
for (const { name, nkey } of order.machines) {
  const connection = await connectMesh({ name, nkey, url: order.url });
  machines.push({ name, connection, bucket: await openMachines(connection, order.url) });
}

let turn = 0;
const tell = (): Promise<unknown> => {
  turn++;
  return Promise.all(
    machines.map(({ name, bucket }) => {
      const sessions = Array.from({ length: order.sessions }, (_, index) =>
        aSession({
          id: `${name}-${index}`,
          name: `project-${index}`,
          cwd: `/home/somebody/work/project-${index}`,
          state: (index + turn) % 3 === 0 ? 'busy' : 'idle',
        }),
      );
      return bucket.put(name, recordText(name, '0.1.0', sessions));
    }),
  );
};

await tell();
for (const { bucket } of machines.slice(0, order.watchers)) {
  const watch = await bucket.watch();
  void (async () => {
    for await (const _ of watch);
  })();
}
const beats = machines.map(({ name, bucket }, index) => {
  const beat = (): void => void bucket.put(`${name}.beat`, '').catch(() => undefined);
  beat();
  // spread over the interval, as machines that started at different times are
  return setTimeout(
    () => {
      beat();
      setInterval(beat, beatEveryMs);
    },
    (index / machines.length) * beatEveryMs,
  );
});
say({ ready: machines.length });

for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  if (line === 'q') break;
  if (line === 'r') await tell();
  say({ said: line, stats: machines[0]!.connection.stats() });
}
for (const beat of beats) clearTimeout(beat);
process.exit(0);
