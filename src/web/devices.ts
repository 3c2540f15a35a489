/**
 * Who has been let in: browsers that were paired, programs that have a token. One file each, mode 0600, with a hash instead of the
 * secret; so the command and the server change them without a lock, and a device is revoked by removing its file.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { placeFile } from '../home/replace-file.ts';
import { isSameText } from '../http/who-may-ask.ts';
import { steadyNow } from '../process/clock.ts';
import { type Scope, scopes } from './scopes.ts';

/** `chat`: a program that knows one session and the socket of `/chat` only. */
export type DeviceKind = 'browser' | 'program' | 'chat';

export interface Device {
  id: string;
  name: string;
  kind: DeviceKind;
  scopes: Scope[];
  /** The one session of a `chat` device; null for the others. */
  target: string | null;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** When it last asked for something, to the minute. */
  lastSeenAt: number;
}

type Kept = Omit<Device, 'lastSeenAt'> & { version: 1; hash: string };

/** A pairing link is good for two minutes, once. */
export const pairingTakesMs = 120_000;
/** Within that a device that asks again is not noted again. */
const seenEveryMs = 60_000;
const idPattern = /^[a-z0-9]{8}$/;
const secretPattern = /^([a-z0-9]{8})_([\w-]{43})$/;

export class Devices {
  readonly #devices: string;
  readonly #pairings: string;
  /** Where each device's pushes go; a file there goes with its device. */
  readonly pushFolder: string;

  /** @throws ClaudexError HOME_NOT_PRIVATE, HOME_UNWRITABLE */
  constructor(env: NodeJS.ProcessEnv) {
    const { home, web } = claudexPaths(env);
    this.#devices = join(web, 'devices');
    this.#pairings = join(web, 'pairings');
    this.pushFolder = join(web, 'push');
    for (const folder of [home, web, this.#devices, this.#pairings, this.pushFolder]) ensurePrivateDir(folder);
  }

  /** Where their files are: whoever watches it sees a device come and go. */
  get folder(): string {
    return this.#devices;
  }

  /** Lets a device in. The secret is shown to nobody again. */
  add(one: Pick<Device, 'name' | 'kind' | 'scopes' | 'target'>): { device: Device; secret: string } {
    for (;;) {
      const id = Array.from({ length: 8 }, () => 'abcdefghijkmnpqrstuvwxyz23456789'[randomInt(32)]).join('');
      const key = randomBytes(32).toString('base64url');
      const kept: Kept = { version: 1, id, ...one, createdAt: Date.now(), hash: hashOf(key) };
      if (!placeFile(this.#path(id), JSON.stringify(kept))) continue;
      return { device: { ...withoutHash(kept), lastSeenAt: kept.createdAt }, secret: `${id}_${key}` };
    }
  }

  /** The device whose secret that is; undefined for any other text. */
  find(secret: string): Device | undefined {
    const [, id, key] = secretPattern.exec(secret) ?? [];
    const kept = id === undefined ? undefined : this.#read(id);
    if (!kept || !isSameText(kept.hash, hashOf(key!))) return undefined;
    return this.#seen(kept);
  }

  /** True while nobody has revoked it. */
  has(id: string): boolean {
    return this.#read(id) !== undefined;
  }

  /** All of them, the oldest first. */
  list(): Device[] {
    const ids = readdirSync(this.#devices).flatMap((name) => /^([a-z0-9]{8})\.json$/.exec(name)?.[1] ?? []);
    const kept = ids.flatMap((id) => this.#read(id) ?? []);
    return kept
      .map((one) => ({ ...withoutHash(one), lastSeenAt: this.#lastSeenAt(one.id) }))
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  /** @throws ClaudexError NO_SUCH_DEVICE */
  revoke(id: string): void {
    try {
      if (!idPattern.test(id)) throw new ClaudexError('NO_SUCH_DEVICE', `Asked for "${id.slice(0, 40)}".`);
      rmSync(this.#path(id));
      rmSync(join(this.pushFolder, `${id}.json`), { force: true });
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') throw new ClaudexError('NO_SUCH_DEVICE', `Asked for "${id}".`);
      throw error;
    }
  }

  /** A code that lets one browser in, once, within two minutes. */
  newPairing(): string {
    this.#dropOldPairings();
    const code = randomBytes(16).toString('base64url');
    placeFile(join(this.#pairings, hashOf(code)), String(steadyNow()));
    return code;
  }

  /**
   * Lets in who shows a code: a browser, which may do everything, or a program with the scopes that it asks for. Removing the code's file is what
   * makes it good for one.
   * @throws ClaudexError PAIRING_REFUSED
   */
  pair(code: string, name: string, programScopes?: Scope[]): { device: Device; secret: string } {
    this.#dropOldPairings();
    try {
      rmSync(join(this.#pairings, hashOf(code)));
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') throw new ClaudexError('PAIRING_REFUSED');
      throw error;
    }
    const may: Pick<Device, 'kind' | 'scopes'> = programScopes
      ? { kind: 'program', scopes: [...new Set(programScopes)] }
      : { kind: 'browser', scopes: [...scopes] };
    return this.add({ name, ...may, target: null });
  }

  #dropOldPairings(): void {
    for (const name of readdirSync(this.#pairings)) {
      const path = join(this.#pairings, name);
      // of the machine's steady clock: one of before a start of the machine is of no age that is believed
      const ageMs = steadyNow() - Number(readOr(path, '-Infinity'));
      if (!(ageMs >= 0 && ageMs <= pairingTakesMs)) rmSync(path, { force: true });
    }
  }

  #read(id: string): Kept | undefined {
    try {
      const kept = JSON.parse(readFileSync(this.#path(id), 'utf8')) as Kept;
      return kept.version === 1 && typeof kept.hash === 'string' && Array.isArray(kept.scopes) ? kept : undefined;
    } catch {
      return undefined; // revoked, or not ours
    }
  }

  #seen(kept: Kept): Device {
    const nowMs = Date.now();
    let lastSeenAt = this.#lastSeenAt(kept.id);
    if (nowMs - lastSeenAt > seenEveryMs) {
      lastSeenAt = nowMs;
      try {
        utimesSync(this.#path(kept.id), nowMs / 1000, nowMs / 1000);
      } catch {
        // revoked at this moment
      }
    }
    return { ...withoutHash(kept), lastSeenAt };
  }

  #lastSeenAt(id: string): number {
    return Math.round(statSync(this.#path(id), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  }

  #path(id: string): string {
    return join(this.#devices, `${id}.json`);
  }
}

function readOr(path: string, missing: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return missing; // it has just been used
  }
}

function withoutHash({ id, name, kind, scopes: own, target, createdAt }: Kept): Omit<Device, 'lastSeenAt'> {
  return { id, name, kind, scopes: own, target, createdAt };
}

/** The secrets are random and long: a plain hash tells nothing of them. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
