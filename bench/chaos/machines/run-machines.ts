/**
 * `npm run chaos -- --machines 3 --messages 5000`: each machine sends to each other one, in order, while lines are cut, the server and
 * its store go, machines sleep, clocks are wrong and mail comes twice. Then each message is looked for in the conversations.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '../../../src/protocol/message.ts';
import { transcriptRecords } from '../../../test/support/real-claude.ts';
import { MeshFaults } from './mesh-faults.ts';
import { type Machine, MeshStage } from './mesh-stage.ts';

/** One sender waits while so many of its messages have not been answered. */
const mostOpen = 12;
const drainMs = 240_000;

interface Lane {
  from: Machine;
  to: Machine;
  ids: string[];
}

/** @returns the exit code */
export async function runMachines(options: {
  machines: number;
  messages: number;
  seed: number;
  seconds: number;
  faults: boolean;
}): Promise<number> {
  const stage = new MeshStage();
  const startedAt = performance.now();
  try {
    await stage.build(Array.from({ length: options.machines }, (_, index) => `m${index}`));
    const lanes = stage.machines.flatMap((from) =>
      stage.machines.filter((to) => to !== from).map((to): Lane => ({ from, to, ids: [] })),
    );
    const each = Math.ceil(options.messages / lanes.length);
    const isOutOfTime = (): boolean => performance.now() - startedAt > options.seconds * 1000;
    const isSent = (): boolean => lanes.every(({ ids }) => ids.length >= each) || isOutOfTime();
    const faults = new MeshFaults(stage, options.seed);
    const sentNow = (): number => lanes.reduce((sum, one) => sum + one.ids.length, 0);
    const progress = setInterval(() => {
      const sent = sentNow();
      const struck = [...faults.struck.values()].reduce((sum, one) => sum + one, 0);
      process.stderr.write(`${sent} sent, ${struck} faults\n`);
    }, 5000);
    const striking = options.faults
      ? faults.run(isSent, () => sentNow() / options.messages, Math.floor(options.messages / 2000))
      : Promise.resolve();
    await Promise.all([striking, ...lanes.map((lane) => sendAll(lane, each, isOutOfTime))]);
    clearInterval(progress);
    process.stderr.write('all sent; draining\n');
    for (const machine of stage.machines) await stage.ensureDaemon(machine);
    const states = await drain(lanes);
    const verdict = judge(lanes, states);
    process.stdout.write(
      `${JSON.stringify(
        {
          seconds: Math.round((performance.now() - startedAt) / 1000),
          faults: Object.fromEntries(faults.struck),
          copies: faults.copies,
          ...verdict,
        },
        null,
        2,
      )}\n`,
    );
    const { lost, doubled, reordered, open, failed } = verdict;
    return lost.length + doubled.length + reordered.length + open.length + failed.length === 0 ? 0 : 1;
  } finally {
    await stage.dispose();
  }
}

/** A careful sender: the same key again until the daemon says that it has the message. */
async function sendAll({ from, to, ids }: Lane, count: number, isOutOfTime: () => boolean): Promise<void> {
  for (let number = 0; number < count && !isOutOfTime(); ) {
    try {
      if ((await openOf(from, ids)) >= mostOpen) {
        await delay(200);
        continue;
      }
      const { id } = await from.client.send({
        target: `work@${to.name}`,
        body: `chaos ${from.name} ${number}`,
        kind: 'task',
        when: 'idle',
        sender: { kind: 'user', label: 'chaos' },
        key: `${from.name} ${to.name} ${number}`,
      });
      ids.push(id);
      number++;
    } catch {
      await delay(200); // its daemon is being killed
    }
  }
}

async function openOf({ client }: Machine, ids: readonly string[]): Promise<number> {
  const mine = new Set(ids);
  return (await client.messages()).filter((one) => mine.has(one.id)).length;
}

/** Every message's state at its sender, once none is open or nothing has changed for long. */
async function drain(lanes: readonly Lane[]): Promise<Map<string, Message['state']>> {
  const senders = [...new Set(lanes.map(({ from }) => from))];
  let open = Number.POSITIVE_INFINITY;
  for (let since = performance.now(); performance.now() - since < drainMs; await delay(500)) {
    const now = (await Promise.all(senders.map((one) => one.client.messages().catch(() => undefined)))).map((all) =>
      all === undefined ? Number.POSITIVE_INFINITY : all.filter((one) => one.recipient.machine !== undefined).length,
    );
    const sum = now.reduce((one, other) => one + other, 0);
    if (sum === 0) break;
    if (sum < open) since = performance.now();
    open = Math.min(open, sum);
  }
  const states = new Map<string, Message['state']>();
  for (const { from, ids } of lanes) for (const id of ids) states.set(id, (await from.client.message(id)).state);
  return states;
}

function judge(lanes: readonly Lane[], states: ReadonlyMap<string, Message['state']>) {
  const verdict = {
    messages: states.size,
    answered: [...states.values()].filter((one) => one === 'answered').length,
    lost: [] as string[],
    doubled: [] as string[],
    reordered: [] as string[],
    open: [] as string[],
    failed: [] as string[],
  };
  for (const { from, to, ids } of lanes) {
    const mine = new Set(ids);
    const seen = marksIn(to).filter((id) => mine.has(id));
    const places = new Map(ids.map((id, place) => [id, place]));
    for (const id of ids) {
      const what = `${id} ${from.name}→${to.name} ${states.get(id)}`;
      const count = seen.filter((one) => one === id).length;
      if (count === 0) verdict.lost.push(what);
      if (count > 1) verdict.doubled.push(what);
      if (['failed', 'expired', 'cancelled'].includes(states.get(id)!)) verdict.failed.push(what);
      else if (states.get(id) !== 'answered') verdict.open.push(what);
    }
    const first = [...new Set(seen)].map((id) => places.get(id)!);
    for (const [at, place] of first.entries())
      if (at > 0 && place < first[at - 1]!) verdict.reordered.push(`${ids[place]} ${from.name}→${to.name}`);
  }
  return verdict;
}

function marksIn({ home }: Machine): string[] {
  return transcriptRecords(home)
    .filter((record) => record.type === 'user' || record.attachment?.type === 'hook_additional_context')
    .flatMap((record) => [...JSON.stringify(record).matchAll(/\[claudex (m\w{15}) from/g)].map(([, id]) => id!));
}
