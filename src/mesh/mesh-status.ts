/** How the mesh is, asked afresh: a line of its own to the server. */
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { systemClock } from '../process/clock.ts';
import type { MailBacklog } from '../protocol/machine-mail.ts';
import { readSettings } from '../settings/read.ts';
import { isTooFar, measureSkew, skewText } from './clock-skew.ts';
import { connectMesh, openMachines } from './connect.ts';
import { MailClient } from './mail-client.ts';
import { fullPlaces } from './mailbox.ts';
import { readJoined, readSeen, type SeenMachine } from './mesh-files.ts';
import { asOwner } from './run-server.ts';
import { readServer, runningServer } from './server-files.ts';
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
  /** What is here for other machines; not there while the daemon does not answer. */
  mail?: MailBacklog[];
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
  // asked without starting one
  const mail = await new MailClient(claudexPaths(env).socket).backlog().catch(() => undefined);
  if (mail) {
    status.mail = mail;
    const names = new Set(status.machines.map((one) => one.name));
    status.wrong.push(...mail.flatMap((one) => wrongWithMail(one, names.has(one.machine))));
  }
  status.wrong.push(...wrongWithAgents(env, status.bridge ? seen?.agentsTrouble : undefined));
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
  status.wrong.push(...(await wrongWithMailboxes(env)));
  return status;
}

/** Where the server runs: who fills its place in others' mailboxes, which no claudex does that keeps to the rules. */
async function wrongWithMailboxes(env: NodeJS.ProcessEnv): Promise<MeshStatus['wrong']> {
  const record = readServer(env);
  const { mailOwner } = record ?? {};
  if (!record || mailOwner === undefined || runningServer(env) === undefined) return [];
  try {
    const names = record.users.map((one) => one.name);
    const full = await asOwner({ ...record, mailOwner }, 'mail', (connection) => fullPlaces(connection, names));
    return [...full].map(([sender, mailboxes]) => ({
      what: `${sender} has sent as much as a mailbox takes of one machine: to ${mailboxes.join(', ')}.`,
      fix: `it is refused more, and nobody else is harmed; it passes when those machines fetch their mail. Where it does not, or nobody there knows of it: claudex mesh revoke ${sender}`,
    }));
  } catch (error) {
    const { message, fix } = toClaudexError(error);
    return [{ what: `Mailboxes: ${message}`, fix }];
  }
}

function wrongWithMail(mail: MailBacklog, isKnown: boolean): MeshStatus['wrong'] {
  const { machine, waiting, bytes, full, trouble } = mail;
  if (waiting === 0) return [];
  const wrong: MeshStatus['wrong'] = [];
  const count = waiting === 1 ? '1 message waits' : `${waiting} messages wait`;
  if (!isKnown)
    wrong.push({
      what: `${count} for ${machine}, which is not in the mesh any more.`,
      fix: 'see `claudex inbox`, then `claudex inbox retry <id> --to <target>` or `claudex inbox cancel <id>`.',
    });
  if (full) {
    const { message, fix } = new ClaudexError('MESH_OUTBOX_FULL', `${count} for ${machine}, ${bytes >> 20} MiB.`);
    wrong.push({ what: message, fix });
  }
  if (trouble !== null)
    wrong.push({
      what: `The server takes no mail for ${machine}, so ${count} here: ${trouble}`,
      fix: `nothing is lost, and it is tried again. Let that machine come back, if it is away and does not fetch its mail; a server of your own may need a larger store.`,
    });
  return wrong;
}

function wrongWithAgents(env: NodeJS.ProcessEnv, refused: string | null | undefined): MeshStatus['wrong'] {
  let values: ReturnType<typeof readSettings>['values'];
  try {
    values = readSettings(env).values;
  } catch (error) {
    const { message, fix } = toClaudexError(error);
    return [{ what: message, fix }];
  }
  if (!values['mesh.agents']) return [];
  if (values['mesh.encrypt'])
    return [
      {
        what: 'mesh.agents is on and offers nothing, because mesh.encrypt is on: that protocol says everything in the clear.',
        fix: 'run `claudex config set mesh.agents off`, or `claudex config set mesh.encrypt false`.',
      },
    ];
  if (!refused) return [];
  return [
    {
      what: `mesh.agents is on, and the server does not let this machine listen where it has to: ${refused}`,
      fix: 'give the machine’s user the subscriptions with agents and $SRV that docs/mesh.md lists; with `claudex mesh up`, start it again with this version. Then run `claudex mesh leave` and join again, or restart the daemon.',
    },
  ];
}

function changedKey(name: string): { what: string; fix: string } {
  const { message, fix } = new ClaudexError('MESH_KEY_CHANGED', `It is ${name}.`);
  return { what: message, fix };
}
