/** What `claudex web` and its subcommands do, apart from their words. The one entry of the web's bundle. */
import { setFlagsFromString } from 'node:v8';
import { renderUnicodeCompact } from 'uqr';
import { type Device, Devices } from './devices.ts';
import { tokenPrefix } from './gate.ts';
import { type RunningWeb, startWeb, type WebOptions } from './run-web.ts';
import { type Scope, scopes } from './scopes.ts';
import { webAddress } from './web-address.ts';

/** Starts the server. @throws ClaudexError WEB_START_FAILED, WEB_NEEDS_TLS, FILE_UNREADABLE */
export function serveWeb(env: NodeJS.ProcessEnv, options: WebOptions): Promise<RunningWeb> {
  // what a request leaves behind is small and short-lived: room for more of it is memory that nobody gets back (docs/benchmarks.md)
  setFlagsFromString('--semi-space-growth-factor=1');
  return startWeb(env, options);
}

/** A link that lets one browser in, and the same as a picture for a phone. The code is behind `#`: no server ever sees it in a URL. */
export function pairingLink(env: NodeJS.ProcessEnv): { link: string; qr: string } {
  const url = webAddress(env);
  const link = `${url}/#pair=${new Devices(env).newPairing()}`;
  return { link, qr: renderUnicodeCompact(link) };
}

/** A token for a program. It is told once. */
export function newToken(
  env: NodeJS.ProcessEnv,
  { name, scopes: wanted }: { name: string; scopes: Scope[] },
): { device: Device; token: string } {
  const { device, secret } = new Devices(env).add({ name, kind: 'program', scopes: wanted, target: null });
  return { device, token: `${tokenPrefix}${secret}` };
}

/**
 * The address of one session's chat, with a token of that session in its path: the clients that it is for can set no header.
 * @throws ClaudexError WEB_NOT_RUNNING
 */
export function newChat(
  env: NodeJS.ProcessEnv,
  { name, target, mayAnswer }: { name: string; target: string; mayAnswer: boolean },
): { device: Device; url: string } {
  const url = webAddress(env).replace(/^http/, 'ws');
  const { device, secret } = new Devices(env).add({ name, kind: 'chat', scopes: mayAnswer ? ['answer'] : [], target });
  return { device, url: `${url}/chat/${secret}?session=${encodeURIComponent(target)}` };
}

export function listDevices(env: NodeJS.ProcessEnv): Device[] {
  return new Devices(env).list();
}

/** @throws ClaudexError NO_SUCH_DEVICE */
export function revokeDevice(env: NodeJS.ProcessEnv, id: string): void {
  new Devices(env).revoke(id);
}

/** The names of all scopes. */
export const scopeNames: readonly string[] = scopes;
