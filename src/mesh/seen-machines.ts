/** Who is there: folds what stands under the keys of the bucket. Pure but for the clock it is given. */
import type { Clock } from '../process/clock.ts';
import { readKey, readRecord } from './machine-record.ts';
import type { SeenMachine } from './mesh-files.ts';

/** How often a machine says that it is there. */
export const beatEveryMs = 10_000;
/** So long after its last heartbeat a machine counts as away: three may be lost. */
export const awayAfterMs = 35_000;

/** The heartbeat of a machine that goes. */
export const lastBeat = 'bye';

/** One key's new value. */
export interface KeyChange {
  key: string;
  text: string;
  isGone: boolean;
  /** How long ago that was by the server's clock, which alone has stamped it: clocks of machines may be hours apart. */
  agoMs: number;
}

interface Known {
  machine: Omit<SeenMachine, 'away' | 'seenAt' | 'hasOtherKey'> | undefined;
  id: string;
  beatSteadyMs: number | undefined;
  hasSaidBye: boolean;
}

/** By which key each machine is known. */
export interface MachineKeys {
  /** True where that is the machine's; it is from now on where none was known. */
  is(name: string, key: string): boolean;
  of(name: string): string | undefined;
}

/** All machines of the mesh but this one. */
export class SeenMachines {
  readonly #own: { name: string; id: string };
  readonly #clock: Clock;
  readonly #keys: MachineKeys;
  readonly #known = new Map<string, Known>();
  #nameIsLost = false;

  constructor(own: { name: string; id: string }, clock: Clock, keys: MachineKeys) {
    this.#own = own;
    this.#clock = clock;
    this.#keys = keys;
  }

  /** True while another machine's record stands under this one's name. */
  get nameIsLost(): boolean {
    return this.#nameIsLost;
  }

  /** False for what changes nothing that `all()` tells but the times, as most heartbeats. */
  apply({ key, text, isGone, agoMs }: KeyChange): boolean {
    const read = readKey(key);
    if (!read) return false;
    const { name, isBeat } = read;
    if (name === this.#own.name) {
      if (!isBeat) this.#nameIsLost = !isGone && readRecord(text)?.id !== this.#own.id;
      return !isBeat;
    }
    if (isGone) return !isBeat && this.#known.delete(name);
    const known = this.#known.get(name) ?? { machine: undefined, id: '', beatSteadyMs: undefined, hasSaidBye: false };
    const wasAway = this.#isAway(known);
    if (isBeat) {
      known.beatSteadyMs = this.#clock.steady() - Math.max(0, agoMs);
      known.hasSaidBye = text === lastBeat;
    } else {
      const record = readRecord(text);
      if (!record) return false;
      const { id, version, key, isSealing, sessions, moreSessions } = record;
      known.id = id;
      known.machine = { name, version, key, isSealing, sessions, moreSessions };
    }
    this.#known.set(name, known);
    return !isBeat || this.#isAway(known) !== wasAway;
  }

  #isAway({ beatSteadyMs, hasSaidBye }: Known): boolean {
    return hasSaidBye || beatSteadyMs === undefined || this.#clock.steady() - beatSteadyMs > awayAfterMs;
  }

  /** The public key that machine is known by, whatever its record says now; undefined where it is not in the mesh, or has told none. */
  keyOf(name: string): string | undefined {
    const key = this.#known.get(name)?.machine?.key || undefined;
    return key === undefined || this.#keys.is(name, key) ? key : this.#keys.of(name);
  }

  /** Its record shows another key than it is known by: what comes under its name may be somebody else's. */
  hasOtherKey(name: string): boolean {
    const key = this.#known.get(name)?.machine?.key ?? '';
    return key !== '' && !this.#keys.is(name, key);
  }

  /** How to write to that machine; undefined where nothing can be encrypted for it. */
  sealingOf(name: string): { key: string; isSealing: boolean } | undefined {
    const key = this.keyOf(name);
    return key === undefined ? undefined : { key, isSealing: this.#known.get(name)?.machine?.isSealing === true };
  }

  /** After a gap, in which the server may have lost its store: whose record is not there has yet to come back. */
  keepOnly(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of [...this.#known.keys()]) if (!kept.has(name)) this.#known.delete(name);
  }

  /** By name. @param isCutOff no heartbeat can come: nobody is seen to be there */
  all({ isCutOff }: { isCutOff: boolean }): SeenMachine[] {
    const [steady, now] = [this.#clock.steady(), this.#clock.timeOfDay()];
    return [...this.#known.values()]
      .flatMap((known) => {
        const { machine, beatSteadyMs } = known;
        if (!machine) return [];
        const agoMs = beatSteadyMs === undefined ? undefined : steady - beatSteadyMs;
        return {
          ...machine,
          hasOtherKey: this.hasOtherKey(machine.name),
          away: isCutOff || this.#isAway(known),
          seenAt: agoMs === undefined ? null : new Date(now - agoMs).toISOString(),
        };
      })
      .sort((a, b) => a.name.localeCompare(b.name));
  }
}
