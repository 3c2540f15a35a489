/** What goes wrong between machines, one after the other, while messages flow. */
import { setTimeout as delay } from 'node:timers/promises';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { type Machine, type MeshStage, signalTo } from './mesh-stage.ts';

const hourMs = 3_600_000;
/** Of one machine, all of it. */
const longSleepMs = 90_000;
const stepWithinMs = 10_000;

/** Where the hand-over of a message is when the daemon or the bridge is killed (hand-over-steps.mjs). */
const steps = [
  'accepted into the outbox',
  'given to the bridge',
  'before a message is said',
  'after a message is said',
  'the server has mail',
  'a message comes',
  'accepted from another machine',
  'before mail is acknowledged',
  'after mail is acknowledged',
  'before a word is said back',
  'after a word is said back',
  'a word comes',
  'confirmed by the other machine',
  'answered by the other machine',
];

export class MeshFaults {
  readonly struck = new Map<string, number>();
  /** Pieces of mail that were sent a second time. */
  copies = 0;
  readonly #stage: MeshStage;
  readonly #random: () => number;
  #owner: NatsConnection | undefined;
  #asleep: Machine | undefined;

  constructor(stage: MeshStage, seed: number) {
    this.#stage = stage;
    this.#random = seededRandom(seed);
  }

  /**
   * Until `isOver`; then everything is whole again.
   * @param longSleeps so often one machine sleeps for long, while the others go on and have their faults
   */
  async run(isOver: () => boolean, sentPart: () => number, longSleeps: number): Promise<void> {
    this.#owner = await this.#stage.owner();
    // what a machine said comes again, now and much later
    this.#owner.subscribe('claudex.mail.>', {
      callback: (_error, { subject, data, headers: given }) => {
        if (given?.has('chaos') || this.#random() > 0.2) return;
        setTimeout(() => this.#again(subject, data), this.#random() * 5000).unref();
      },
    });
    const faults = this.#faults();
    let sleep: Promise<void> | undefined;
    for (let slept = 0; !isOver(); ) {
      if (slept < longSleeps && sentPart() > (slept + 1) / (longSleeps + 1) && !sleep) {
        sleep = this.#sleepLong(this.#stage.machines[slept % this.#stage.machines.length]!).finally(() => {
          sleep = undefined;
        });
        slept++;
      }
      const awake = this.#stage.machines.filter((one) => one !== this.#asleep);
      const [name, strike] = faults[Math.floor(this.#random() * faults.length)]!;
      const machine = awake[Math.floor(this.#random() * awake.length)]!;
      if ((await strike(machine)) !== false) this.#count(name);
      await delay(500 + this.#random() * 2500);
    }
    await sleep;
    for (const machine of this.#stage.machines) this.#stage.setClock(machine, 0);
    await this.#owner.close();
  }

  async #sleepLong(machine: Machine): Promise<void> {
    this.#asleep = machine;
    this.#stage.freeze(machine, 'SIGSTOP');
    await delay(longSleepMs);
    this.#stage.freeze(machine, 'SIGCONT');
    this.#asleep = undefined;
    this.#count('the machine sleeps for 90 s');
  }

  #count(name: string): void {
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
  }

  #again(subject: string, data: Uint8Array): void {
    if (!this.#owner || this.#owner.isClosed()) return;
    this.copies++;
    this.#owner.publish(subject, data, { headers: chaosHeaders() });
  }

  /** A fault that found nothing to strike says false. */
  #faults(): Array<[string, (machine: Machine) => Promise<unknown>]> {
    const stage = this.#stage;
    const spell = (most: number): Promise<void> => delay(300 + this.#random() * most);
    const kill = (what: 'daemon' | 'bridge') => async (machine: Machine) => {
      const pid = stage.pidOf(machine, what);
      if (pid !== undefined) signalTo(pid, 'SIGKILL');
      if (what === 'daemon') await stage.ensureDaemon(machine);
    };
    const lasting = async (heal: () => void, most: number): Promise<void> => {
      await spell(most);
      heal();
    };
    const atSteps = steps.map((step): [string, (machine: Machine) => Promise<unknown>] => [
      `killed at: ${step}`,
      async (machine) => {
        const isKilled = await stage.killAt(machine, step, stepWithinMs);
        await stage.ensureDaemon(machine);
        return isKilled;
      },
    ]);
    const fullDisks: typeof atSteps = [
      [
        'the disk is full',
        async (machine) => {
          await lasting(stage.fill(machine.home), 3000);
          await stage.ensureDaemon(machine);
        },
      ],
      [
        'the server’s disk is full',
        async () => {
          await lasting(stage.fill(stage.hub), 3000);
          // nats-server 2.9 puts its store out of service for good
          await stage.killServer();
          await stage.startServer();
        },
      ],
    ];
    return [
      ...atSteps,
      ...(stage.hasDisks ? [...fullDisks, ...fullDisks] : []),
      ['tear the journal', (machine) => lasting(stage.tearJournal(machine), 1000)],
      ['kill the bridge', kill('bridge')],
      ['kill the daemon', kill('daemon')],
      [
        'kill both',
        async (machine) => {
          await kill('bridge')(machine);
          await kill('daemon')(machine);
        },
      ],
      [
        'cut the line',
        async ({ line }) => {
          line.is('cut');
          await spell(4000);
          line.is('whole');
        },
      ],
      [
        'silence the line',
        async ({ line }) => {
          line.is('silent');
          await spell(4000);
          line.is('whole');
        },
      ],
      [
        'the machine sleeps',
        async (machine) => {
          stage.freeze(machine, 'SIGSTOP');
          await spell(6000);
          stage.freeze(machine, 'SIGCONT');
        },
      ],
      [
        'set a clock by an hour',
        async (machine) => {
          stage.setClock(machine, Math.sign(this.#random() - 0.5) * hourMs);
        },
      ],
      [
        'kill the server',
        async () => {
          await stage.killServer();
          await spell(2000);
          await stage.startServer();
        },
      ],
      [
        'wipe the store',
        async () => {
          await stage.killServer({ wipe: true });
          await stage.startServer();
        },
      ],
    ];
  }
}

function chaosHeaders(): MsgHdrs {
  const all = headers();
  all.set('chaos', '1');
  return all;
}
