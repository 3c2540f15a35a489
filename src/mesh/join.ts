/** In and out of a mesh. A join that fails at any point has left nothing behind: not here, not there. */
import { rmSync } from 'node:fs';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { lockOwner } from '../background/lock.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { replaceFile } from '../home/replace-file.ts';
import { type Clock, systemClock } from '../process/clock.ts';
import { untilGone } from '../process/until-gone.ts';
import { measureSkew, refuseSkew } from './clock-skew.ts';
import { type Access, asMeshError, connectMesh, newMachineId, openMachines } from './connect.ts';
import { keysFile } from './known-keys.ts';
import { readRecord, recordText } from './machine-record.ts';
import { type Joined, meshPaths, readJoined } from './mesh-files.ts';
import { newKey } from './server-files.ts';
import { signingKey } from './signing-key.ts';
import { trustedKeys } from './trust.ts';

/**
 * Takes the name in the mesh, then writes down that this machine has joined.
 * @throws ClaudexError MESH_JOINED, MESH_UNREACHABLE, MESH_REFUSED, MESH_NO_JETSTREAM, MESH_CLOCK_OFF, MESH_NAME_TAKEN
 */
export async function joinMesh(env: NodeJS.ProcessEnv, access: Access, clock: Clock = systemClock): Promise<Joined> {
  const before = readJoined(env);
  if (before) throw new ClaudexError('MESH_JOINED', `It is ${before.name} at ${before.url}.`);
  const hasKey = access.nkey !== undefined || access.creds !== undefined;
  const joined: Joined = { ...access, id: newMachineId(), ...(!hasKey && { signing: newKey().seed }) };
  const connection = await connectMesh(access);
  try {
    const machines = await openMachines(connection, access.url);
    await takeName(machines, joined);
    try {
      refuseSkew(await measureSkew(machines, joined.name, clock));
      const paths = meshPaths(env);
      for (const folder of [claudexPaths(env).home, paths.folder]) ensurePrivateDir(folder);
      rmSync(paths.seen, { force: true });
      replaceFile(paths.joined, JSON.stringify(joined, null, 2), { mode: 0o600 });
    } catch (error) {
      await giveNameFree(machines, joined.name);
      throw error;
    }
    return joined;
  } catch (error) {
    if (error instanceof ClaudexError) throw error;
    throw asMeshError(error, access.url);
  } finally {
    await connection.close();
  }
}

async function takeName(machines: KV, joined: Joined): Promise<void> {
  const { name, id, url } = joined;
  try {
    await machines.create(name, recordText(id, packageVersion(), [], { key: signingKey(joined)?.publicKey }));
  } catch (error) {
    const there = await machines.get(name).catch(() => null);
    if (there && there.operation === 'PUT' && readRecord(there.string())?.id !== id)
      throw new ClaudexError('MESH_NAME_TAKEN', `It is ${name}, since ${there.created.toISOString()}.`);
    throw asMeshError(error, url);
  }
}

/** Deletes the machine's two keys. */
export async function giveNameFree(machines: KV, name: string): Promise<void> {
  await machines.delete(`${name}.beat`);
  await machines.delete(name);
}

/**
 * Leaves, also where the server cannot be reached.
 * @returns why the others have not been told; undefined when they have
 * @throws ClaudexError MESH_NOT_JOINED
 */
export async function leaveMesh(env: NodeJS.ProcessEnv): Promise<ClaudexError | undefined> {
  const joined = readJoined(env);
  if (!joined) throw new ClaudexError('MESH_NOT_JOINED');
  const paths = meshPaths(env);
  rmSync(paths.joined, { force: true });
  await stopBridge(env);
  rmSync(paths.seen, { force: true });
  trustedKeys(env).remove();
  keysFile(env).remove();
  let connection: NatsConnection | undefined;
  try {
    connection = await connectMesh(joined);
    const machines = await openMachines(connection, joined.url);
    const there = await machines.get(joined.name);
    // the name may be another's by now
    if (there && readRecord(there.string())?.id === joined.id) await giveNameFree(machines, joined.name);
    return undefined;
  } catch (error) {
    return asMeshError(error, joined.url);
  } finally {
    await connection?.close();
  }
}

/** Ends the bridge, if one runs, and waits until it is gone. */
export async function stopBridge(env: NodeJS.ProcessEnv): Promise<void> {
  const owner = lockOwner(meshPaths(env).bridgeLock);
  if (!owner) return;
  try {
    process.kill(owner.pid, 'SIGTERM');
  } catch {
    return; // it has just ended
  }
  await untilGone(owner.pid);
}
