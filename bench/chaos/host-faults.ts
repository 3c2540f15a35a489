/** The faults that strike hosts, their viewers, and the life of managed sessions. Half of them take the daemon along. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connectHost } from '../../src/host-client/host-connection.ts';
import { frame, frameKinds } from '../../src/protocol/frames.ts';
import { spawnPty } from '../../test/support/pty-tail.ts';
import { type ChaosWorld, killQuietly } from './chaos-world.ts';
import type { ManagedSlot } from './managed-slot.ts';
import type { FaultKind } from './plan.ts';
import type { Senders } from './senders.ts';

export type HostFaultKind = Extract<
  FaultKind,
  `host ${string}` | 'viewers killed in mid-frame' | 'restart storm' | 'session stopped and resumed' | 'session sleeps'
>;

const restartsInStorm = 5;
/** With nothing to do a session has gone to sleep by then. */
const sleepsWithinMs = 15_000;
const lookEveryMs = 100;
const stormPauseMs = 300;

export interface HostFaultsOptions {
  stage: ChaosWorld;
  senders: Pick<Senders, 'holdBack'>;
  /** Sends SIGSTOP, and SIGCONT after a while. */
  stop: (pids: ReadonlyArray<number | undefined>, forMs: number) => boolean;
  /** Goes on while the next faults strike. */
  later: (work: Promise<void>) => void;
  /** A fault that shows only later whether it has struck. */
  struck: (kind: FaultKind) => void;
}

export class HostFaults {
  readonly #options: HostFaultsOptions;

  constructor(options: HostFaultsOptions) {
    this.#options = options;
  }

  async strike(kind: HostFaultKind, slot: ManagedSlot, amount: number): Promise<boolean> {
    const { stage } = this.#options;
    const done = await this.#strike(kind, slot, amount);
    const takesDaemon = kind === 'host and daemon killed' || (amount * 10) % 1 < 0.5;
    if (done && takesDaemon) kill(stage.daemonPid());
    return done;
  }

  async #strike(kind: HostFaultKind, slot: ManagedSlot, amount: number): Promise<boolean> {
    const { stage, stop, later } = this.#options;
    const change = (what: 'restart' | 'stop' | 'stop?now=true'): Promise<unknown> =>
      stage.client.changeManaged(slot.id ?? 'none', what);
    switch (kind) {
      case 'host killed':
      case 'host and daemon killed':
        return kill(slot.hostPid());
      case 'host and claude killed': {
        const pids = [slot.hostPid(), slot.claudePid()];
        // whoever dies first
        return (amount < 0.5 ? pids : pids.reverse()).map(kill).every(Boolean);
      }
      case 'host stopped 1–6 s':
        return stop([slot.hostPid()], 1000 + 5000 * amount);
      case 'viewers killed in mid-frame': {
        if (slot.hostPid() === undefined) return false;
        later(this.#killViewerProcess(slot, 150 + 900 * amount));
        return this.#breakOff(slot, amount);
      }
      case 'restart storm': {
        const asked = [];
        for (let count = 0; count < restartsInStorm; count++) {
          asked.push(change('restart').then(isDone, isNotDone));
          await delay(stormPauseMs * amount);
        }
        return (await Promise.all(asked)).some(Boolean);
      }
      case 'session stopped and resumed':
        // by a person, who sees it stopped: managed-slot.ts
        return change(amount < 0.5 ? 'stop' : 'stop?now=true').then(isDone, isNotDone);
      case 'session sleeps':
        later(this.#leaveAlone(slot, kind));
        return false;
    }
  }

  /** A viewer that is cut off in the middle of a frame of its own, with output of claude on its way to it. */
  async #breakOff(slot: ManagedSlot, amount: number): Promise<boolean> {
    try {
      const viewer = await connectHost(slot.socketPath, {
        kind: 'terminal',
        readOnly: false,
        size: { cols: 60 + Math.floor(60 * amount), rows: 20 + Math.floor(20 * amount) },
      });
      viewer.on('error', () => undefined);
      await Promise.race([once(viewer, 'data'), delay(1000)]);
      const keys = frame(frameKinds.input, 'never typed');
      viewer.write(keys.subarray(0, 1 + Math.floor((keys.length - 1) * amount)));
      await delay(20);
      viewer.destroy();
      return true;
    } catch {
      return false; // its host has gone
    }
  }

  /** `claudex attach`, killed while it draws. */
  async #killViewerProcess({ id, cwd }: ManagedSlot, afterMs: number): Promise<void> {
    const { stage } = this.#options;
    const viewer = spawnPty(process.execPath, [stage.claudexBin, 'attach', id ?? 'none'], {
      name: 'xterm-256color',
      cwd,
      env: stage.env(),
      cols: 90,
      rows: 30,
      encoding: null,
    });
    viewer.onData(() => undefined);
    await delay(afterMs);
    killQuietly(viewer.pid, 'SIGKILL');
  }

  /** Nobody sends it anything until it sleeps; the next message wakes it. */
  async #leaveAlone(slot: ManagedSlot, kind: FaultKind): Promise<void> {
    const { senders, struck } = this.#options;
    const goOn = senders.holdBack(slot.cwd);
    try {
      // notes wait for a prompt, and a session with something that waits does not sleep
      await slot.prompt('go on');
      for (let waitedMs = 0; waitedMs < sleepsWithinMs; waitedMs += lookEveryMs) {
        if ((await slot.record())?.state === 'sleeping') return struck(kind);
        await delay(lookEveryMs);
      }
    } finally {
      goOn();
    }
  }
}

function kill(pid: number | undefined): boolean {
  return pid !== undefined && killQuietly(pid, 'SIGKILL');
}

const isDone = (): boolean => true;
const isNotDone = (): boolean => false;
