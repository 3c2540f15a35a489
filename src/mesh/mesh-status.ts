/** How the mesh is, asked afresh: a line of its own to the server. */
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { systemClock } from '../process/clock.ts';
import { isTooFar, measureSkew, skewText } from './clock-skew.ts';
import { connectMesh, openMachines } from './connect.ts';
import { readJoined, readSeen, type SeenMachine } from './mesh-files.ts';
import { signingKey } from './signing-key.ts';
import { bridgeRuns } from './start-bridge.ts';
import { fingerprint, readTrusted, trustIn } from './trust.ts';

export interface MeshStatus {
  joined: boolean;
  name?: string;
  url?: string;
  server?: { version: string; latencyMs: number; skewMs: number };
  bridge?: boolean;
  /** Of this machine's own key, for those who are to trust it. */
  fingerprint?: string;
  machines?: Array<SeenMachine & { trust: 'trusted' | 'other-key' | null }>;
  /** What is wrong, each with what to do. */
  wrong: Array<{ what: string; fix: string }>;
}

export async function meshStatus(env: NodeJS.ProcessEnv): Promise<MeshStatus> {
  const joined = readJoined(env);
  if (!joined) return { joined: false, wrong: [] };
  const { name, url } = joined;
  const status: MeshStatus = { joined: true, name, url, bridge: bridgeRuns(env), wrong: [] };
  const seen = readSeen(env);
  const trusted = readTrusted(env);
  status.machines = (seen?.machines ?? []).map((one) => {
    const { isTrusted, hasOtherKey } = trustIn(trusted, one.name, one.key);
    const trust = one.hasOtherKey || hasOtherKey ? 'other-key' : isTrusted ? 'trusted' : null;
    return { ...one, away: one.away || !status.bridge, trust };
  });
  for (const { name: other, trust } of status.machines) {
    if (trust === 'other-key') status.wrong.push(changedKey(other));
  }
  const own = signingKey(joined);
  if (own) status.fingerprint = fingerprint(own.publicKey);
  if (!status.bridge)
    status.wrong.push({ what: 'The line to the mesh is not held.', fix: 'claudex daemon stop; claudex daemon start' });
  try {
    const connection = await connectMesh(joined);
    try {
      const latencyMs = await connection.rtt();
      const skewMs = await measureSkew(await openMachines(connection, url), name, systemClock);
      status.server = { version: connection.info?.version ?? '', latencyMs, skewMs };
      if (isTooFar(skewMs))
        status.wrong.push({ what: skewText(skewMs), fix: 'set the clock of the one that is wrong.' });
      else if (status.bridge && seen?.trouble)
        status.wrong.push({ what: seen.trouble, fix: 'wait a moment; then see logs/mesh.log.' });
    } finally {
      await connection.close();
    }
  } catch (error) {
    const { message, fix } = toClaudexError(error);
    status.wrong.push({ what: message, fix });
  }
  return status;
}

function changedKey(name: string): { what: string; fix: string } {
  const { message, fix } = new ClaudexError('MESH_KEY_CHANGED', `It is ${name}.`);
  return { what: message, fix };
}
