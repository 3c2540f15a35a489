/** The records of managed sessions on disk: one file each, replaced whole or not at all. */
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import { asHomeError, ensurePrivateDir } from '../../home/private-folder.ts';
import { replaceFile } from '../../home/replace-file.ts';
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import { type ManagedSession, type ManagedState, managedStates } from '../../protocol/managed.ts';

export class ManagedStore {
  /** The record of that id has come, changed or gone. */
  readonly changed = new Signal<string>();
  /** The record of that id is gone; `changed` has told before. */
  readonly forgotten = new Signal<string>();
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #home: string;
  readonly #all = new Map<string, ManagedSession>();

  /** Reads what is there; a damaged record is set aside as `<id>.json.damaged`, and the log says so. */
  constructor({ folder, home, clock, log }: { folder: string; home: string; clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#folder = folder;
    this.#home = home;
    for (const name of recordsIn(folder)) {
      const path = join(folder, name);
      const record = readRecord(path);
      if (record && `${record.id}.json` === name) this.#all.set(record.id, record);
      else {
        renameSync(path, `${path}.damaged`);
        log('managed session set aside', { path: `${path}.damaged` });
      }
    }
  }

  all(): ManagedSession[] {
    return [...this.#all.values()];
  }

  get(id: string): ManagedSession | undefined {
    return this.#all.get(id);
  }

  /** @throws ClaudexError NO_SUCH_MANAGED */
  known(id: string): ManagedSession {
    const one = this.#all.get(id);
    if (!one) throw new ClaudexError('NO_SUCH_MANAGED', `Asked for "${id.slice(0, 40)}".`);
    return one;
  }

  running(): ManagedSession[] {
    return this.all().filter(isUp);
  }

  /** Another state, and what goes with it. @throws ClaudexError HOME_UNWRITABLE */
  move(id: string, state: ManagedState, fields: Partial<ManagedSession> = {}): ManagedSession {
    const before = this.known(id);
    return this.update(id, {
      ...fields,
      state,
      since: before.state === state ? before.since : this.#clock.timeOfDay(),
    });
  }

  update(id: string, fields: Partial<ManagedSession>): ManagedSession {
    const next = { ...this.known(id), ...fields };
    this.#put(next);
    return next;
  }

  /** A new one. @throws ClaudexError HOME_UNWRITABLE */
  add(record: ManagedSession): ManagedSession {
    this.#put(record);
    return record;
  }

  /** On disk when it returns. @throws ClaudexError HOME_UNWRITABLE; then nothing has changed */
  #put(record: ManagedSession): void {
    try {
      ensurePrivateDir(this.#folder);
      replaceFile(join(this.#folder, `${record.id}.json`), JSON.stringify(record), { mode: 0o600 });
    } catch (error) {
      throw asHomeError(error, this.#home);
    }
    this.#all.set(record.id, record);
    this.changed.emit(record.id);
  }

  remove(id: string): void {
    rmSync(join(this.#folder, `${id}.json`), { force: true });
    if (!this.#all.delete(id)) return;
    this.changed.emit(id);
    this.forgotten.emit(id);
  }
}

/** Does a host hold it, or is one about to? */
export function isUp({ state }: ManagedSession): boolean {
  return state === 'starting' || state === 'running';
}

/** As an error names it. */
export function describe(one: ManagedSession): string {
  return one.name === null ? `${one.id} (${one.cwd})` : `${one.name} (${one.id}, ${one.cwd})`;
}

function recordsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^[a-z0-9]+\.json$/.test(name));
  } catch {
    return []; // nobody has started one yet
  }
}

function readRecord(path: string): ManagedSession | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as ManagedSession;
    const isOurs =
      value.version === 1 &&
      typeof value.id === 'string' &&
      typeof value.cwd === 'string' &&
      managedStates.includes(value.state) &&
      Array.isArray(value.args) &&
      Array.isArray(value.restarts) &&
      typeof value.env === 'object' &&
      value.env !== null;
    return isOurs ? value : undefined;
  } catch {
    return undefined; // not JSON
  }
}
