/** What goes wrong between machines, one after the other, while messages flow. */
import { setTimeout as delay } from 'node:timers/promises';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { type Machine, type MeshStage, signalTo } from './mesh-stage.ts';

const hourMs = 3_600_000;

export class MeshFaults {
  readonly struck = new Map<string, number>();
  /** Pieces of mail that were sent a second time. */
  copies = 0;
  readonly #stage: MeshStage;
  readonly #random: () => number;
  #owner: NatsConnection | undefined;

  constructor(stage: MeshStage, seed: number) {
    this.#stage = stage;
    this.#random = seededRandom(seed);
  }

  /** Until `isOver`; then everything is whole again. */
  async run(isOver: () => boolean): Promise<void> {
    this.#owner = await this.#stage.owner();
    // what a machine said comes again, now and much later
    this.#owner.subscribe('claudex.mail.>', {
      callback: (_error, { subject, data, headers: given }) => {
        if (given?.has('chaos') || this.#random() > 0.2) return;
        setTimeout(() => this.#again(subject, data), this.#random() * 5000).unref();
      },
    });
    const faults = this.#faults();
    while (!isOver()) {
      const [name, strike] = faults[Math.floor(this.#random() * faults.length)]!;
      const machine = this.#stage.machines[Math.floor(this.#random() * this.#stage.machines.length)]!;
      await strike(machine);
      this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
      await delay(500 + this.#random() * 2500);
    }
    for (const machine of this.#stage.machines) this.#stage.setClock(machine, 0);
    await this.#owner.close();
  }

  #again(subject: string, data: Uint8Array): void {
    if (!this.#owner || this.#owner.isClosed()) return;
    this.copies++;
    this.#owner.publish(subject, data, { headers: chaosHeaders() });
  }

  #faults(): Array<[string, (machine: Machine) => Promise<void>]> {
    const stage = this.#stage;
    const spell = (most: number): Promise<void> => delay(300 + this.#random() * most);
    const kill = (what: 'daemon' | 'bridge') => async (machine: Machine) => {
      const pid = stage.pidOf(machine, what);
      if (pid !== undefined) signalTo(pid, 'SIGKILL');
      if (what === 'daemon') await stage.ensureDaemon(machine);
    };
    return [
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
