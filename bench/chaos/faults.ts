/** Carries out the planned faults, one after another, each when its time has come. */
import { claudexPaths } from '../../src/home/paths.ts';
import { childPids } from '../../test/support/processes.ts';
import { type ChaosWorld, killQuietly } from './chaos-world.ts';
import { HostFaults } from './host-faults.ts';
import { ManagedSlot } from './managed-slot.ts';
import type { Fault, FaultKind } from './plan.ts';
import { delay, type Senders } from './senders.ts';
import { hooksInFlight, type Slot } from './session-slot.ts';
import { removed } from './small-disk.ts';

const hourMs = 3_600_000;

export class Faults {
  /** How often each has struck: a fault that found nothing to strike does not count. */
  readonly struck = new Map<string, number>();
  readonly #stage: ChaosWorld;
  readonly #seats: Slot[];
  readonly #hosts: HostFaults;
  readonly #pending = new Set<Promise<void>>();

  constructor(stage: ChaosWorld, seats: Slot[], senders: Pick<Senders, 'holdBack'>) {
    this.#stage = stage;
    this.#seats = seats;
    this.#hosts = new HostFaults({
      stage,
      senders,
      stop: (pids, forMs) => this.#stop(pids, forMs),
      later: (work) => this.#later(work),
      struck: (kind) => this.#count(kind),
    });
  }

  /** Runs the plan; `accepted` tells how far the senders are. Ends when all has struck or the run is over. */
  async run(faults: readonly Fault[], accepted: () => number, isOver: () => boolean): Promise<void> {
    for (const fault of faults) {
      while (accepted() < fault.afterMessages && !isOver()) await delay(5);
      if (isOver()) break;
      const done = await this.#strike(fault);
      if (done) this.#count(fault.kind);
    }
    await Promise.all(this.#pending);
    this.#stage.setClock(0);
  }

  #count(kind: FaultKind): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
  }

  async #strike({ kind, seat: index, amount }: Fault): Promise<boolean> {
    const seat = this.#seats[index]!;
    switch (kind) {
      case 'daemon killed':
        return this.#killDaemon();
      case 'daemon stopped 1–3 s':
        return this.#stop([this.#stage.daemonPid()], 1000 + 2000 * amount);
      case 'supervisor killed':
        return this.#killSupervisor(seat);
      case 'claude killed':
        return killed(seat.claudePid());
      case 'claude and daemon killed': {
        const claude = seat.claudePid();
        // whoever dies first, neither sees the other go
        if (amount < 0.5) return this.#killDaemon() && killed(claude);
        return killed(claude) && this.#killDaemon();
      }
      case 'hooks killed':
        return this.#killHooks(3 + Math.floor(5 * amount));
      case 'waiting hook killed': {
        const seats = [seat, ...this.#seats];
        const waiting = seats.map((one) => one.hookPids(true)).find((pids) => pids.length > 0) ?? [];
        return waiting.map((pid) => killTree(pid)).some(Boolean);
      }
      case 'socket deleted':
        return removed(claudexPaths(this.#stage.env()).socket);
      case 'daemon starts race':
        if (amount < 0.7) this.#killDaemon();
        await Promise.all([1, 2, 3].map(() => this.#stage.startDaemonNow()));
        return true;
      case 'session cleared':
        await seat.prompt('/clear');
        return true;
      case 'person leaves a draft':
        this.#later(seat.prompt('a draft of the person', 500 + 2500 * amount));
        return true;
      case 'disk full':
        return this.#fillDisk(300 + 1200 * amount);
      case 'disk read-only':
        return this.#lockDisk(300 + 1200 * amount);
      case 'journal unwritable':
        return this.#lasts(this.#stage.forbidWrites(), 300 + 1200 * amount);
      case 'supervisor stopped 1–6 s':
        return this.#stop([this.#supervised(seat)?.outerPid], 1000 + 5000 * amount);
      case 'claude stopped 1–6 s':
        return this.#stop([seat.claudePid()], 1000 + 5000 * amount);
      case 'hooks stopped 1–6 s': {
        const waiting = seat.hookPids(true).flatMap((pid) => [pid, ...childPids(pid)]);
        return this.#stop([...waiting, ...(await this.#someHooks())], 1000 + 5000 * amount);
      }
      case 'clock jumps':
        this.#stage.setClock(amount < 0.5 ? hourMs : -hourMs);
        this.#later(delay(500 + 1000 * amount).then(() => this.#stage.setClock(0)));
        return true;
      case 'transcripts unreadable':
        return this.#lasts(this.#stage.break('transcripts'), 500 + 4000 * amount);
      case 'no inotify':
        // watchers that are there stay: whoever starts now has none
        this.#lasts(this.#stage.break('inotify'), 1000 + 3000 * amount);
        return this.#killDaemon();
      case 'torn line that cannot be cut':
        return this.#lasts(this.#stage.break('cut'), 200 + 800 * amount);
      case 'dead inbox socket': {
        const pids = [seat, ...this.#seats].map((one) => one.claudePid());
        const ends = pids.map((pid) => (pid === undefined ? undefined : this.#stage.killInboxSocket(pid)));
        const heal = (): void => {
          for (const end of ends) end?.();
        };
        return this.#lasts(heal, 1000 + 4000 * amount) && ends.some(Boolean);
      }
      case 'package removed':
        return this.#lasts(this.#stage.removePackage(), 300 + 2000 * amount);
      default: {
        const managed = this.#managed(index);
        return managed ? this.#hosts.strike(kind, managed, amount) : false;
      }
    }
  }

  #killDaemon(): boolean {
    return killed(this.#stage.daemonPid());
  }

  /** They get SIGSTOP, and SIGCONT after a while. */
  #stop(pids: ReadonlyArray<number | undefined>, forMs: number): boolean {
    const stopped = pids.filter((pid) => pid !== undefined && killQuietly(pid, 'SIGSTOP')) as number[];
    this.#later(
      delay(forMs).then(() => {
        for (const pid of stopped) killQuietly(pid, 'SIGCONT');
      }),
    );
    return stopped.length > 0;
  }

  #killSupervisor(seat: Slot): boolean {
    return killed(this.#supervised(seat)?.outerPid);
  }

  /** That slot, or another one, where a host holds it. */
  #managed(index: number): ManagedSlot | undefined {
    const managed = this.#seats.filter((one) => one instanceof ManagedSlot);
    return managed.find((one) => one === this.#seats[index]) ?? managed[index % managed.length];
  }

  #supervised(seat: Slot): Slot | undefined {
    return seat.profile.supervised ? seat : this.#seats.find((one) => one.profile.supervised);
  }

  /** Hooks that are on their way to the daemon at one moment. */
  async #someHooks(): Promise<number[]> {
    for (let look = 0; look < 60; look++) {
      const pids = hooksInFlight(this.#stage.home.root);
      if (pids.length > 0) return pids;
      await delay(7);
    }
    return [];
  }

  async #killHooks(count: number): Promise<boolean> {
    let killedCount = 0;
    for (let look = 0; look < 60 && killedCount < count; look++) {
      for (const pid of hooksInFlight(this.#stage.home.root).slice(0, 2)) {
        if (killQuietly(pid, 'SIGKILL')) killedCount++;
      }
      await delay(7);
    }
    return killedCount > 0;
  }

  #fillDisk(forMs: number): boolean {
    if (!this.#stage.hasOwnDisk) return false;
    const heal = this.#stage.fillDisk();
    const healed = async (): Promise<void> => {
      while (!heal()) await delay(20);
    };
    this.#later(delay(forMs).then(healed));
    return true;
  }

  /** The daemon is killed: whoever has a file open for writing keeps its disk from being locked. */
  async #lockDisk(forMs: number): Promise<boolean> {
    if (!this.#stage.hasOwnDisk) return false;
    for (let attempt = 0; attempt < 20; attempt++) {
      this.#killDaemon();
      const heal = this.#stage.lockDisk();
      if (heal) {
        this.#later(delay(forMs).then(heal));
        return true;
      }
      await delay(5);
    }
    return false;
  }

  /** `heal` ends the fault after that time; undefined: it has not struck. */
  #lasts(heal: (() => void) | undefined, forMs: number): boolean {
    if (!heal) return false;
    this.#later(delay(forMs).then(heal));
    return true;
  }

  /** A fault that lasts while the next ones strike. */
  #later(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}

function killed(pid: number | undefined): boolean {
  return pid !== undefined && killQuietly(pid, 'SIGKILL');
}

function killTree(pid: number): boolean {
  for (const child of childPids(pid)) killQuietly(child, 'SIGKILL');
  return killQuietly(pid, 'SIGKILL');
}
