/** Letting machines into the server that runs here, and taking them out again. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { releaseLock, takeLock } from '../background/lock.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import { steadyNow } from '../process/clock.ts';
import { connectMesh, openMachines } from './connect.ts';
import { giveNameFree } from './join.ts';
import { keysFile } from './known-keys.ts';
import { checkMachineName } from './machine-name.ts';
import { dropMailOf, makeMailboxes } from './mailbox.ts';
import { asOwner, caOf, reachedHere } from './run-server.ts';
import {
  type CurrentServerRecord,
  newKey,
  readServer,
  runningServer,
  serverPaths,
  serverUrl,
  writeServer,
} from './server-files.ts';
import { trustedKeys } from './trust.ts';

const letInTakesMs = 5000;

export interface Invitation {
  name: string;
  url: string;
  /** The seed of its NKEY: told once, kept nowhere here. */
  seed: string;
  /** The other machine's command. */
  command: string;
  /** Only this machine reaches the server. */
  isLoopback: boolean;
}

/** A key of its own for a machine. The server takes it at once. @throws ClaudexError MESH_NO_SERVER, MESH_SERVER_OLD, MESH_NAME_TAKEN */
export async function inviteMachine(env: NodeJS.ProcessEnv, name: string): Promise<Invitation> {
  checkMachineName(name);
  const { seed, publicKey } = newKey();
  const record = await changeServer(env, (before) => {
    if (before.users.some((one) => one.name === name)) throw new ClaudexError('MESH_NAME_TAKEN', `It is ${name}.`);
    return { ...before, users: [...before.users, { name, nkey: publicKey }] };
  });
  if (await reload(env)) {
    await freeNames(env, record);
    const access = { name, nkey: seed, url: reachedHere(record.options), ...caOf(record.options) };
    await tryFor(() => asOwner(record, 'mail', (connection) => makeMailboxes(connection, [name])));
    await tryFor(async () => (await connectMesh(access)).close());
  }
  const url = serverUrl(record.options, hostname());
  const ca = record.options.tlsCert === undefined ? '' : ' --tls-ca <the server’s certificate>';
  return {
    name,
    url,
    seed,
    command: `echo ${seed} | claudex mesh join ${url} --nkey - --as ${name}${ca}`,
    isLoopback: /\/\/(127\.|localhost|\[::1)/.test(url),
  };
}

/**
 * Lets a machine in no more, ends its connection, and gives its name free.
 * @throws ClaudexError MESH_NO_SERVER, MESH_SERVER_OLD, MESH_NO_SUCH_MACHINE, MESH_UNREACHABLE
 */
export async function revokeMachine(env: NodeJS.ProcessEnv, name: string): Promise<void> {
  const record = await changeServer(env, (before) => {
    const users = before.users.filter((one) => one.name !== name);
    if (users.length === before.users.length) throw new ClaudexError('MESH_NO_SUCH_MACHINE', `Asked for "${name}".`);
    return { ...before, users, toFree: [...(before.toFree ?? []), name] };
  });
  trustedKeys(env).drop(name);
  keysFile(env).drop(name);
  // a server that is down gives the name free at its next start
  if (await reload(env)) await freeNames(env, record);
}

/** Gives the names of revoked machines free, and the room of their mail. @throws ClaudexError MESH_UNREACHABLE */
export async function freeNames(env: NodeJS.ProcessEnv, record: CurrentServerRecord): Promise<void> {
  const { options, users, toFree = [] } = record;
  if (toFree.length === 0) return;
  const others = users.map(({ name }) => name);
  await tryFor(async () => {
    await asOwner(record, 'bucket', async (connection) => {
      const machines = await openMachines(connection, reachedHere(options));
      for (const name of toFree) await giveNameFree(machines, name);
    });
    await asOwner(record, 'mail', async (connection) => {
      for (const name of toFree) await dropMailOf(connection, name, others);
    });
  });
  await changeServer(env, (now) => ({ ...now, toFree: (now.toFree ?? []).filter((one) => !toFree.includes(one)) }));
}

/** The server reads who may come in when it is told to, which takes it a moment; it shuts lines meanwhile. */
async function tryFor(act: () => Promise<void>): Promise<void> {
  for (const until = steadyNow() + letInTakesMs; ; await delay(50)) {
    try {
      return await act();
    } catch (error) {
      if (steadyNow() > until) throw error;
    }
  }
}

/** One command at a time: what two would change at once, one would lose. */
async function changeServer(
  env: NodeJS.ProcessEnv,
  change: (before: CurrentServerRecord) => CurrentServerRecord,
): Promise<CurrentServerRecord> {
  ownServer(env);
  const { change: lock } = serverPaths(env);
  for (const until = steadyNow() + letInTakesMs; !takeLock(lock, packageVersion()); await delay(20)) {
    if (steadyNow() > until) throw new ClaudexError('MESH_SERVER_FAILED', 'Another command changes who may come in.');
  }
  try {
    const after = change(ownServer(env));
    writeServer(env, after);
    return after;
  } finally {
    releaseLock(lock);
  }
}

function ownServer(env: NodeJS.ProcessEnv): CurrentServerRecord {
  const record = readServer(env);
  if (!record) throw new ClaudexError('MESH_NO_SERVER');
  const { mailOwner } = record;
  // it cannot be told to keep mail in another way while it runs
  if (mailOwner === undefined && runningServer(env) !== undefined) throw new ClaudexError('MESH_SERVER_OLD');
  return { ...record, mailOwner: mailOwner ?? newKey().seed };
}

/** Resolves once the server has read anew who may come in. False when it does not run: it reads the file at its start. */
async function reload(env: NodeJS.ProcessEnv): Promise<boolean> {
  const pid = runningServer(env);
  if (pid === undefined) return false;
  const { log } = serverPaths(env);
  const reloads = (): number => readFileSync(log, 'utf8').split('Reloaded server configuration').length;
  const before = reloads();
  process.kill(pid, 'SIGHUP');
  // one that does not say so has read it all the same, or its log tells why not
  for (const until = steadyNow() + letInTakesMs; reloads() === before && steadyNow() < until; ) await delay(20);
  return true;
}
