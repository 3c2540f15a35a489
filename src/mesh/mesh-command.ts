/** What `claudex mesh` and its subcommands do, apart from their words. The one entry of the mesh's bundle, which alone holds NATS. */
import { resolve } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { freeNames } from './invite.ts';
import { joinMesh } from './join.ts';
import { checkMachineName, defaultMachineName } from './machine-name.ts';
import { type Joined, readJoined } from './mesh-files.ts';
import { readContext, readSeed } from './nats-context.ts';
import { caOf, type RunningServer, reachedHere, startServer } from './run-server.ts';
import type { ServerOptions } from './server-config.ts';
import { newKey, publicHalf } from './server-files.ts';

export { runBridge } from './bridge.ts';
export { inviteMachine, revokeMachine } from './invite.ts';
export { leaveMesh } from './join.ts';
export { meshStatus } from './mesh-status.ts';

export interface JoinFlags {
  creds?: string;
  nkey?: string;
  context?: string;
  tlsCa?: string;
  as?: string;
}

/** @throws ClaudexError USAGE, and what joinMesh throws */
export async function join(env: NodeJS.ProcessEnv, url: string | undefined, flags: JoinFlags): Promise<Joined> {
  const { creds, nkey, context, tlsCa } = flags;
  if ([creds, nkey, context].filter((one) => one !== undefined).length > 1)
    throw new ClaudexError('USAGE', 'Give one of --creds, --nkey and --context.');
  const name = checkMachineName(flags.as ?? defaultMachineName());
  const from = context === undefined ? undefined : readContext(env, context);
  const address = url ?? from?.url;
  if (address === undefined) throw new ClaudexError('USAGE', 'Give the server’s address, or --context.');
  // they would be shown by `mesh status`, and are in no file that is for secrets
  if (/^\w+:\/\/[^/]*@/.test(address))
    throw new ClaudexError('USAGE', 'User and password do not go into the address: take --creds, --nkey or --context.');
  if (!/^(nats|tls):\/\/[^\s/@]+\/?$/.test(address))
    throw new ClaudexError('USAGE', `The server’s address is nats://host:port or tls://host:port, not "${address}".`);
  const seed = nkey === undefined ? from?.nkey : readSeed(nkey);
  if (seed !== undefined) publicHalf(seed);
  const credsFile = creds ?? from?.creds;
  const caFile = tlsCa ?? from?.tlsCa;
  return joinMesh(env, {
    name,
    url: address,
    ...(seed !== undefined && { nkey: seed }),
    ...(credsFile !== undefined && { creds: resolve(credsFile) }),
    ...(caFile !== undefined && { tlsCa: resolve(caFile) }),
  });
}

/** Runs the server; this machine joins it where it is in no mesh yet. */
export async function up(
  env: NodeJS.ProcessEnv,
  options: ServerOptions & { isPlain: boolean; as?: string },
): Promise<RunningServer & { joined: Joined }> {
  const { as, ...serverOptions } = options;
  const name = checkMachineName(as ?? defaultMachineName());
  const before = readJoined(env);
  const { seed, publicKey } = newKey();
  const server = await startServer(env, serverOptions, before ? undefined : { name, nkey: publicKey });
  try {
    const { record } = server;
    const { options: kept } = record;
    await freeNames(env, record);
    const joined = before ?? (await joinMesh(env, { name, url: reachedHere(kept), nkey: seed, ...caOf(kept) }));
    return { ...server, joined };
  } catch (error) {
    server.stop();
    await server.ended;
    throw error;
  }
}
