/** `claudex mesh up`: a nats-server of this home, in the foreground, for a small group of machines. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { releaseLock, takeLock } from '../background/lock.ts';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { steadyNow } from '../process/clock.ts';
import { untilGone } from '../process/until-gone.ts';
import { connectMesh, openMachines } from './connect.ts';
import { makeMailboxes } from './mailbox.ts';
import { meshPaths } from './mesh-files.ts';
import { type MeshUser, type ServerOptions, syncsEachWrite } from './server-config.ts';
import {
  type CurrentServerRecord,
  forgetProcess,
  newKey,
  noteProcess,
  readServer,
  runningServer,
  serverPaths,
  serverUrl,
  writeServer,
} from './server-files.ts';

const startTakesMs = 10_000;

export interface RunningServer {
  url: string;
  record: CurrentServerRecord;
  /** Its own end, or that of `stop`. */
  ended: Promise<void>;
  stop(): void;
}

/**
 * Starts the server and waits until it answers; the bucket of machines and everybody's mailboxes are there then.
 * @param first may come in from the start, in the place of whoever had that name
 * @throws ClaudexError MESH_SERVER_MISSING, MESH_SERVER_FAILED, MESH_NEEDS_TLS
 */
export async function startServer(
  env: NodeJS.ProcessEnv,
  options: ServerOptions & { isPlain: boolean },
  first?: MeshUser,
): Promise<RunningServer> {
  const { isPlain, ...kept } = options;
  const isLoopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(kept.host);
  const hasTls = kept.tlsCert !== undefined && kept.tlsKey !== undefined;
  if (!isLoopback && !hasTls && !isPlain) throw new ClaudexError('MESH_NEEDS_TLS', `Asked for ${kept.host}.`);
  const program = findServer(env);
  const before = readServer(env);
  const syncs = syncsEachWrite(spawnSync(program, ['-v'], { encoding: 'utf8' }).stdout ?? '');
  const users = (before?.users ?? []).filter(({ name }) => name !== first?.name);
  const record = {
    options: kept,
    owner: before?.owner ?? newKey().seed,
    mailOwner: before?.mailOwner ?? newKey().seed,
    users: first ? [...users, first] : users,
    syncs,
    ...(before?.toFree && { toFree: before.toFree }),
  };
  const paths = serverPaths(env);
  for (const folder of [claudexPaths(env).home, meshPaths(env).folder, paths.folder]) ensurePrivateDir(folder);
  if (!takeLock(paths.lock, packageVersion()))
    throw new ClaudexError('MESH_SERVER_FAILED', 'Another `claudex mesh up` of this claudex folder runs it.');
  try {
    writeServer(env, record);
    // one whose `claudex mesh up` was killed
    const left = runningServer(env);
    if (left !== undefined) {
      process.kill(left, 'SIGTERM');
      await untilGone(left);
    }
    // all machines told and sent again what older versions kept there
    rmSync(join(paths.folder, 'store', 'jetstream', '$G'), { recursive: true, force: true });
    return await run(env, program, record);
  } catch (error) {
    releaseLock(paths.lock);
    throw error;
  }
}

async function run(env: NodeJS.ProcessEnv, program: string, record: CurrentServerRecord): Promise<RunningServer> {
  const paths = serverPaths(env);
  const log = openSync(paths.log, 'w', 0o600);
  const child = spawn(program, ['-c', paths.config], { cwd: paths.folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  }).then(() => {
    forgetProcess(env);
    releaseLock(paths.lock);
  });
  if (child.pid !== undefined) noteProcess(env, child.pid);
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  for (const until = steadyNow() + startTakesMs; ; await delay(50)) {
    // another server on that port would answer in its place
    if (hasEnded) throw new ClaudexError('MESH_SERVER_FAILED', lastWords(paths.log));
    try {
      await asOwner(record, 'bucket', (connection) => openMachines(connection, reachedHere(record.options)));
      const names = record.users.map(({ name }) => name);
      await asOwner(record, 'mail', (connection) => makeMailboxes(connection, names));
      break;
    } catch (error) {
      if (hasEnded || steadyNow() < until) continue;
      child.kill('SIGTERM');
      await ended;
      throw new ClaudexError('MESH_SERVER_FAILED', toClaudexError(error).message, { cause: error });
    }
  }
  return { record, url: serverUrl(record.options, hostname()), ended, stop: () => child.kill('SIGTERM') };
}

/** Over a line of the key that may do everything with the bucket, or with the mailboxes. @throws ClaudexError MESH_UNREACHABLE, MESH_REFUSED */
export async function asOwner<T>(
  { options, owner, mailOwner }: CurrentServerRecord,
  of: 'bucket' | 'mail',
  act: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const nkey = of === 'bucket' ? owner : mailOwner;
  const connection = await connectMesh({ name: 'owner', nkey, url: reachedHere(options), ...caOf(options) });
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}

/** How this machine itself reaches it. */
export function reachedHere(options: ServerOptions): string {
  return serverUrl(options, options.tlsCert === undefined ? '127.0.0.1' : hostname());
}

/** A certificate that is its own authority is checked against itself; one of a known authority passes as well. */
export function caOf({ tlsCert }: ServerOptions): { tlsCa?: string } {
  return tlsCert === undefined ? {} : { tlsCa: tlsCert };
}

/** In PATH, and where Debian has it, which is not in everybody's. @throws ClaudexError MESH_SERVER_MISSING */
export function findServer(env: NodeJS.ProcessEnv): string {
  const folders = [...(env.PATH ?? '').split(delimiter).filter((one) => one !== ''), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const program = join(folder, 'nats-server');
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // not there
    }
  }
  throw new ClaudexError('MESH_SERVER_MISSING');
}

function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const bad = lines.filter((line) => /\[(FTL|ERR)\]/.test(line));
  // without pid, time and level
  const words = (bad.length > 0 ? bad : lines).slice(-3).map((line) => line.replace(/^\[\d+\] \S+ \S+ \[\w+\]\s*/, ''));
  return `${words.join(' ').slice(0, 500)}.`;
}
