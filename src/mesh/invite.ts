/** Letting machines into the server that runs here, and taking them out again. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ClaudexError } from '../errors/claudex-error.ts';
import { steadyNow } from '../process/clock.ts';
import { type Access, connectMesh, openMachines } from './connect.ts';
import { giveNameFree } from './join.ts';
import { checkMachineName } from './machine-name.ts';
import { caOf, reachedHere } from './run-server.ts';
import { newKey, readServer, runningServer, type ServerRecord, serverUrl, writeServer } from './server-files.ts';
import { unpinKey } from './trust.ts';

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

/** A key of its own for a machine. The server takes it at once. @throws ClaudexError MESH_NO_SERVER, MESH_NAME_TAKEN */
export async function inviteMachine(env: NodeJS.ProcessEnv, name: string): Promise<Invitation> {
  checkMachineName(name);
  const record = ownServer(env);
  if (record.users.some((one) => one.name === name)) throw new ClaudexError('MESH_NAME_TAKEN', `It is ${name}.`);
  const { seed, publicKey } = newKey();
  writeServer(env, { ...record, users: [...record.users, { name, nkey: publicKey }] });
  if (reload(env)) await untilLetIn({ name, nkey: seed, url: reachedHere(record.options), ...caOf(record.options) });
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
 * @throws ClaudexError MESH_NO_SERVER, MESH_NO_SUCH_MACHINE, MESH_UNREACHABLE
 */
export async function revokeMachine(env: NodeJS.ProcessEnv, name: string): Promise<void> {
  const record = ownServer(env);
  const users = record.users.filter((one) => one.name !== name);
  if (users.length === record.users.length) throw new ClaudexError('MESH_NO_SUCH_MACHINE', `Asked for "${name}".`);
  writeServer(env, { ...record, users });
  unpinKey(env, name);
  if (!reload(env)) return;
  const url = reachedHere(record.options);
  const connection = await connectMesh({ name: 'owner', nkey: record.owner, url, ...caOf(record.options) });
  try {
    await giveNameFree(await openMachines(connection, url), name);
  } finally {
    await connection.close();
  }
}

/** The server reads who may come in when it is told to, which takes it a moment. */
async function untilLetIn(access: Access): Promise<void> {
  for (const until = steadyNow() + letInTakesMs; ; await delay(50)) {
    try {
      const connection = await connectMesh(access);
      return await connection.close();
    } catch (error) {
      if (steadyNow() > until) throw error;
    }
  }
}

function ownServer(env: NodeJS.ProcessEnv): ServerRecord {
  const record = readServer(env);
  if (!record) throw new ClaudexError('MESH_NO_SERVER');
  return record;
}

/** False when it does not run: it reads the file at its start. */
function reload(env: NodeJS.ProcessEnv): boolean {
  const pid = runningServer(env);
  if (pid !== undefined) process.kill(pid, 'SIGHUP');
  return pid !== undefined;
}
