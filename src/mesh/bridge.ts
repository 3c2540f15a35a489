/**
 * The bridge process: tells the mesh of this machine's sessions, and writes down who else is there. A client of the daemon and of
 * NATS; when it ends, or crashes, no session and no message notices. It lives for as long as the daemon does.
 */
import { existsSync } from 'node:fs';
import { releaseLock, takeLock } from '../background/lock.ts';
import { connectDaemon } from '../daemon-client/ensure-daemon.ts';
import { openLog, wordsOf } from '../home/log.ts';
import { packageVersion } from '../home/package.ts';
import { claudexPaths } from '../home/paths.ts';
import { replaceFile } from '../home/replace-file.ts';
import { systemClock } from '../process/clock.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { readSettings } from '../settings/read.ts';
import { MeshAgents } from './agents/mesh-agents.ts';
import { listenForAsks } from './asks/asks-socket.ts';
import { MeshAsks } from './asks/mesh-asks.ts';
import { KnownKeys } from './known-keys.ts';
import { MailCarrier } from './mail-carrier.ts';
import { MailClient } from './mail-client.ts';
import { type Joined, meshPaths, readJoined, type Seen } from './mesh-files.ts';
import { MeshLine } from './mesh-line.ts';
import { pause } from './pause.ts';
import { Refusals } from './refusals.ts';
import { Sealing } from './sealing.ts';
import { beatEveryMs, SeenMachines } from './seen-machines.ts';
import { signingKey } from './signing-key.ts';

/** A daemon that is replaced is back by then. */
const daemonMayBeAwayMs = 15_000;
/** Changes that come close together are told once. */
const tellAfterMs = 300;
/** Many machines' changes are written down together. */
const writeAfterMs = 200;

/** Resolves once it runs, with a promise of its end; undefined where another bridge has this home, or it is in no mesh. */
export function runBridge(env: NodeJS.ProcessEnv): { ended: Promise<void> } | undefined {
  process.umask(0o077);
  const joined = readJoined(env);
  const paths = meshPaths(env);
  if (!joined || !takeLock(paths.bridgeLock, packageVersion())) return undefined;
  return { ended: carry(env, joined).finally(() => releaseLock(paths.bridgeLock)) };
}

async function carry(env: NodeJS.ProcessEnv, joined: Joined): Promise<void> {
  const paths = meshPaths(env);
  const log = openLog(paths.bridgeLog);
  const keys = new KnownKeys(env);
  const machines = new SeenMachines(joined, systemClock, keys);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  let written = '';
  const writeDown = (): void => {
    if (!existsSync(paths.joined)) stop.abort();
    if (stop.signal.aborted) return;
    keys.save();
    const trouble = machines.nameIsLost
      ? `Another machine has taken the name ${joined.name}: leave, and join under another one.`
      : (line.trouble ?? mail.trouble);
    const { isConnected } = line;
    const seen: Seen = {
      connected: isConnected,
      trouble,
      agentsTrouble: agents.trouble,
      machines: machines.all({ isCutOff: !isConnected }),
    };
    // a heartbeat alone is no news
    const text = JSON.stringify(seen, (key, value) => (key === 'seenAt' ? undefined : value));
    if (text === written) return;
    replaceFile(paths.seen, JSON.stringify(seen), { mode: 0o600, flush: false });
    written = text;
  };
  let due: NodeJS.Timeout | undefined;
  const writeDownSoon = (): void => {
    due ??= setTimeout(() => {
      due = undefined;
      writeDown();
    }, writeAfterMs);
  };
  const isSealing = (): boolean => {
    try {
      return readSettings(env).values['mesh.encrypt'];
    } catch {
      return true; // a value in the environment that is none: nothing goes out in the clear by a slip
    }
  };
  const key = signingKey(joined);
  const sealing =
    key && new Sealing({ own: joined.name, key, isOn: isSealing, machine: (name) => machines.sealingOf(name) });
  const line: MeshLine = new MeshLine({
    joined,
    machines,
    clock: systemClock,
    log,
    isSealing,
    connected: (connection) => {
      asks.connected(connection);
      agents.connected(connection);
    },
    changed: writeDownSoon,
    cameUp: (connection) => mail.up(connection),
    wentDown: () => mail.down(),
  });
  const refusals = new Refusals(log, systemClock);
  const mail = new MailCarrier({
    own: joined.name,
    url: joined.url,
    sealing,
    client: new MailClient(claudexPaths(env).socket),
    keyOf: (machine) => machines.keyOf(machine),
    skewMs: () => line.skewMs,
    clock: systemClock,
    refusals,
    log,
  });
  const asks = new MeshAsks({
    env,
    joined,
    sealing,
    machines,
    clock: systemClock,
    refusals,
    isUp: () => line.isConnected,
    serverTime: () => line.serverTime(),
  });
  const agents = new MeshAgents({
    env,
    joined,
    machines,
    clock: systemClock,
    refusals,
    serverTime: () => line.serverTime(),
    changed: writeDownSoon,
  });
  const socket = await listenForAsks(claudexPaths(env).meshSocket, env, asks);
  const beat = setInterval(() => {
    void line.beat();
    mail.beat();
    agents.beat();
    writeDown();
  }, beatEveryMs);
  log('bridge ready', { pid: process.pid, name: joined.name });
  try {
    line.open();
    await followDaemon(env, stop.signal, (sessions) => {
      line.tell(sessions);
      agents.sessionsAre(sessions);
    });
  } catch (error) {
    log('failure', { error: wordsOf(error) });
    throw error;
  } finally {
    clearInterval(beat);
    clearTimeout(due);
    mail.close();
    socket.close();
    agents.close();
    await line.close();
    log('bridge ended');
  }
}

/** Tells `sessions` at each change of them. Resolves when told to end, or when no daemon has come back. */
async function followDaemon(
  env: NodeJS.ProcessEnv,
  stop: AbortSignal,
  tell: (sessions: SessionRecord[]) => void,
): Promise<void> {
  for (let awaySinceMs = systemClock.steady(); !stop.aborted; ) {
    const client = await connectDaemon(env).catch(() => undefined);
    if (!client) {
      if (systemClock.steady() - awaySinceMs > daemonMayBeAwayMs) return;
      await pause(500, stop);
      continue;
    }
    try {
      const events = await client.events();
      const close = (): void => events.close();
      stop.addEventListener('abort', close, { once: true });
      let due: NodeJS.Timeout | undefined;
      const soon = (): void => {
        due ??= setTimeout(() => {
          due = undefined;
          client.sessions().then(tell, () => undefined); // a daemon that goes: the stream's end says so
        }, tellAfterMs);
      };
      try {
        if (!stop.aborted) for await (const { type } of events) if (type !== 'question') soon();
      } finally {
        clearTimeout(due);
        stop.removeEventListener('abort', close);
        events.close();
      }
    } catch {
      // it went: another may come
    }
    awaySinceMs = systemClock.steady();
    await pause(200, stop);
  }
}
