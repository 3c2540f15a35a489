/** The one way to the mesh's server, with what can go wrong in words. */
import { readFileSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, credsAuthenticator, type NatsConnection, nkeyAuthenticator, nuid } from '@nats-io/transport-node';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { Joined } from './mesh-files.ts';
import { bucketName, inboxOf } from './server-config.ts';

const connectTakesMs = 5000;

/** How to reach a server, and as whom; `name`: the machine's. */
export type Access = Omit<Joined, 'id'>;

/**
 * Connects. `lasting`: tries for ever, now and whenever the line is gone.
 * @throws ClaudexError MESH_UNREACHABLE, MESH_REFUSED, FILE_UNREADABLE
 */
export async function connectMesh(access: Access, { lasting = false } = {}): Promise<NatsConnection> {
  for (let tries = 1; ; tries++) {
    try {
      return await connectOnce(access, lasting);
    } catch (error) {
      // the server has shut the line: why it did so may come after the write that hits it
      if (tries === 5 || !/EPIPE|ECONNRESET/.test(String(error))) throw asMeshError(error, access.url);
    }
  }
}

async function connectOnce(access: Access, lasting: boolean): Promise<NatsConnection> {
  const { name, url, nkey, creds, tlsCa } = access;
  const authenticator =
    nkey !== undefined
      ? nkeyAuthenticator(new TextEncoder().encode(nkey))
      : creds !== undefined
        ? credsAuthenticator(readFile(creds))
        : undefined;
  const isTls = url.startsWith('tls:') || tlsCa !== undefined;
  const ca = tlsCa === undefined ? undefined : new TextDecoder().decode(readFile(tlsCa));
  return connect({
    servers: url,
    name: `claudex ${name}`,
    inboxPrefix: inboxOf(name),
    timeout: connectTakesMs,
    ...(authenticator && { authenticator }),
    ...(isTls && { tls: ca === undefined ? {} : { ca } }),
    ...(lasting
      ? { maxReconnectAttempts: -1, ignoreAuthErrorAbort: true, reconnectTimeWait: 1000 }
      : { reconnect: false, maxReconnectAttempts: 0 }),
    pingInterval: 10_000,
    maxPingOut: 2,
  });
}

/**
 * The bucket of machines, made where there is none and that is allowed.
 * @throws ClaudexError MESH_NO_JETSTREAM, MESH_REFUSED, MESH_UNREACHABLE
 */
export async function openMachines(connection: NatsConnection, url: string): Promise<KV> {
  try {
    await jetstreamManager(connection);
    const kvm = new Kvm(jetstream(connection));
    const options = {
      description: 'machines of a claudex mesh',
      history: 1,
      maxValueSize: 131_072,
      max_bytes: 67_108_864,
    };
    try {
      const machines = await kvm.open(bucketName);
      await machines.status(); // opening asks nobody
      return machines;
    } catch (error) {
      if (!/not found/i.test(String(error))) throw error;
      return await kvm.create(bucketName, options);
    }
  } catch (error) {
    throw asMeshError(error, url);
  }
}

/** Whatever the client library has thrown, as an error with a fix. */
export function asMeshError(error: unknown, url: string): ClaudexError {
  if (error instanceof ClaudexError) return error;
  const words = error instanceof Error ? error.message : String(error);
  const all = `${error instanceof Error ? error.name : ''} ${words} ${error instanceof Error ? (error.cause ?? '') : ''}`;
  const facts = `${url}: ${words}.`;
  if (/jetstream.*(not enabled|unavailable)|NoResponders|no responders|503/i.test(all))
    return new ClaudexError('MESH_NO_JETSTREAM', facts, { cause: error });
  if (/authorization|authentication|permission|credential|nkey/i.test(all))
    return new ClaudexError('MESH_REFUSED', facts, { cause: error });
  return new ClaudexError('MESH_UNREACHABLE', facts, { cause: error });
}

/** Sixteen random bytes' worth of letters. */
export function newMachineId(): string {
  return nuid.next();
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
