/** What `claudex mesh up` keeps of its server: who may come in, how it listens, which process it is. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createUser, fromSeed } from '@nats-io/nkeys';
import { ClaudexError } from '../errors/claudex-error.ts';
import { replaceFile } from '../home/replace-file.ts';
import { lives, processStartTime } from '../process/identity.ts';
import { meshPaths, readJson } from './mesh-files.ts';
import { type MeshUser, type ServerOptions, serverConfig } from './server-config.ts';

/** The file is replaced whole. */
export interface ServerRecord {
  options: ServerOptions;
  /** The seed of the key that may do everything with the bucket: it makes it and takes machines out of it. */
  owner: string;
  /** The seed of the key that may do everything with the mailboxes; older versions of claudex have none. */
  mailOwner?: string;
  users: MeshUser[];
  syncs: boolean;
  /** Names of revoked machines that still stand in the bucket, because the server was down. */
  toFree?: string[];
}

/** As this version writes it. */
export type CurrentServerRecord = ServerRecord & { mailOwner: string };

interface ServerProcess {
  pid: number;
  startTime: string;
}

export interface ServerPaths {
  folder: string;
  record: string;
  config: string;
  process: string;
  lock: string;
  /** Held while a command changes who may come in. */
  change: string;
  log: string;
}

export function serverPaths(env: NodeJS.ProcessEnv): ServerPaths {
  const folder = meshPaths(env).server;
  return {
    folder,
    record: join(folder, 'server.json'),
    config: join(folder, 'nats.conf'),
    process: join(folder, 'process.json'),
    lock: join(folder, 'up.lock'),
    change: join(folder, 'change.lock'),
    log: join(folder, 'nats.log'),
  };
}

export function readServer(env: NodeJS.ProcessEnv): ServerRecord | undefined {
  return readJson<ServerRecord>(serverPaths(env).record);
}

/** Writes the record and the configuration that follows from it. */
export function writeServer(env: NodeJS.ProcessEnv, record: CurrentServerRecord): void {
  const { folder, record: file, config } = serverPaths(env);
  replaceFile(file, JSON.stringify(record, null, 2), { mode: 0o600 });
  const { options, users, owner, mailOwner, syncs } = record;
  const given = { users, owner: publicHalf(owner), mailOwner: publicHalf(mailOwner), folder, syncs };
  replaceFile(config, serverConfig(options, given), { mode: 0o600 });
}

/** A new NKEY of a user. */
export function newKey(): { seed: string; publicKey: string } {
  const pair = createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

/** @throws ClaudexError USAGE for what is no seed of a user's NKEY */
export function publicHalf(seed: string): string {
  try {
    const key = !/^SU[A-Z2-7]{56}$/.test(seed) ? '' : fromSeed(new TextEncoder().encode(seed)).getPublicKey();
    if (key.startsWith('U')) return key;
  } catch {
    // said below
  }
  throw new ClaudexError('USAGE', 'That is no seed of a user’s NKEY: it begins with SU and has 58 letters and digits.');
}

export function noteProcess(env: NodeJS.ProcessEnv, pid: number): void {
  const startTime = processStartTime(pid);
  if (startTime !== undefined) replaceFile(serverPaths(env).process, JSON.stringify({ pid, startTime }));
}

export function forgetProcess(env: NodeJS.ProcessEnv): void {
  rmSync(serverPaths(env).process, { force: true });
}

/** The pid of the server that this home has started, while it lives. */
export function runningServer(env: NodeJS.ProcessEnv): number | undefined {
  const known = readJson<ServerProcess>(serverPaths(env).process);
  return known && lives(known) ? known.pid : undefined;
}

/** Where machines reach it: an address that stands for all is no address to connect to. */
export function serverUrl({ host, port, tlsCert }: ServerOptions, ownName: string): string {
  const reached = ['0.0.0.0', '::'].includes(host) ? ownName : host;
  const scheme = tlsCert === undefined ? 'nats' : 'tls';
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
