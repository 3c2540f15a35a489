/** `claudex web` from start to end: listens, follows the daemon, ends and leaves nothing. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import { openLog } from '../home/log.ts';
import { packageRoot } from '../home/package.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { certificateFingerprint } from '../http/certificate-fingerprint.ts';
import { readSettings } from '../settings/read.ts';
import { Clients } from './clients.ts';
import { Devices } from './devices.ts';
import { Gate } from './gate.ts';
import { PairingLimits } from './pairing-limits.ts';
import { PushSubscriptions } from './push/push-subscriptions.ts';
import { QuestionPush } from './push/question-push.ts';
import { vapidKeys } from './push/vapid-keys.ts';
import { SessionFeed } from './session-feed.ts';
import { upgrades } from './sockets/upgrades.ts';
import { readPage } from './static-files.ts';
import { UnprovenConnections } from './unproven-connections.ts';
import { noteAddress } from './web-address.ts';
import { createWebApp } from './web-app.ts';
import { createWebServer } from './web-server.ts';

export interface WebOptions {
  /** Address or name to listen on. */
  host: string;
  /** 0 for a free one. */
  port: number;
  /** Paths of PEM files. */
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  /** Beyond loopback without TLS is meant so. */
  plainHttp: boolean;
  /** More names that the Host header may have. */
  allowedHosts: readonly string[];
}

export interface RunningWeb {
  url: string;
  /** Of its certificate, `sha256:…`; null without TLS. */
  fingerprint: string | null;
  devices: Devices;
  /** Ends every connection. The sessions do not notice. */
  stop(): Promise<void>;
}

/** Listens; resolves when requests are taken. @throws ClaudexError WEB_START_FAILED, WEB_NEEDS_TLS, TLS_FILES, FILE_UNREADABLE */
export async function startWeb(env: NodeJS.ProcessEnv, options: WebOptions): Promise<RunningWeb> {
  const tls = tlsOf(options);
  if (!tls && !options.plainHttp && !isLoopback(options.host))
    throw new ClaudexError('WEB_NEEDS_TLS', `--host ${options.host}.`);
  const paths = claudexPaths(env);
  const devices = new Devices(env);
  ensurePrivateDir(dirname(paths.webLog));
  const log = openLog(paths.webLog);
  const feed = new SessionFeed(env);
  const clients = new Clients(devices);
  const connections = new UnprovenConnections();
  const names = [options.host, hostname(), `${hostname()}.local`, ...options.allowedHosts];
  const isTls = tls !== undefined;
  // listens before it knows its port, which the cookie's name has in it
  const gateOptions = { devices, hosts: new Set(names.map((name) => name.toLowerCase())), isTls, cookieName: '' };
  const gate = new Gate(gateOptions);
  const proven = connections.proven.bind(connections);
  const settings = readSettings(env).values;
  const pushSubscriptions = new PushSubscriptions(devices);
  const vapid = (): ReturnType<typeof vapidKeys> => vapidKeys(paths.web);
  const push = new QuestionPush({
    ring: feed.ring,
    questions: async () => (await feed.client()).questions({ ended: false }),
    subscriptions: pushSubscriptions,
    keys: vapid,
    settings,
    send: async (message) => (await import('./push-service.ts')).sendPush(message),
    log,
  });
  const parts = {
    env,
    feed,
    devices,
    gate,
    clients,
    limits: new PairingLimits(),
    push,
    pushSubscriptions,
    vapid,
    settings,
    log,
    startedAtMs: performance.now(),
    proven,
  };
  const page = readPage(join(packageRoot(), 'dist', 'src', 'web', 'page'));
  const app = createWebApp({ ...parts, page, isTls });
  const server = createWebServer({ app, gate, tls, connections, upgrade: upgrades(parts), log });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  gateOptions.cookieName = `claudex_web_${port}`;
  const url = urlOf(options.host, port, isTls);
  const forgetAddress = noteAddress(env, url);
  void feed.run();
  log('listening', { url, pid: process.pid });
  return {
    url,
    fingerprint: tls ? certificateFingerprint(tls.cert) : null,
    devices,
    stop: async () => {
      forgetAddress();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      clients.close();
      push.close();
      feed.close();
      server.closeAllConnections();
      await closed;
      log('ended');
    },
  };
}

/** True for what only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function tlsOf({ tlsCert, tlsKey }: WebOptions): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new ClaudexError('USAGE', '--tls-cert and --tls-key go together.');
  const tls = { cert: fileOf(tlsCert), key: fileOf(tlsKey) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new ClaudexError('TLS_FILES', `${tlsCert} and ${tlsKey}: ${(cause as Error).message}.`, { cause });
  }
  return tls;
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${systemErrorCode(cause) ?? cause}.`, { cause });
  }
}

function listen(server: Server, { host, port }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = systemErrorCode(error) === 'EADDRINUSE' ? 'something else listens there' : error.message;
      reject(new ClaudexError('WEB_START_FAILED', `${host}, port ${port}: ${why}.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

/** An address that stands for all of them is of no use in a link: the machine's name is. */
function urlOf(host: string, port: number, isTls: boolean): string {
  const name = host === '0.0.0.0' || host === '::' ? hostname() : isIP(host) === 6 ? `[${host}]` : host;
  return `${isTls ? 'https' : 'http'}://${name}:${port}`;
}
