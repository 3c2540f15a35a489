/** Who is asking, and may they: Host and Origin on every request and upgrade, the cookie of a browser, the token of a program. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ClaudexError } from '../errors/claudex-error.ts';
import { isOwnHost } from '../http/who-may-ask.ts';
import type { Device, Devices } from './devices.ts';
import type { Scope } from './scopes.ts';

/** What programs put in front of the secret, so that it is known for what it is wherever it turns up. */
export const tokenPrefix = 'cdxw_';

export interface GateOptions {
  devices: Devices;
  /** Names that the Host header may have besides addresses and `localhost`, lower case. */
  hosts: ReadonlySet<string>;
  isTls: boolean;
  /** The port is in it: a browser sends cookies of one host to all its ports. */
  cookieName: string;
}

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * Host is checked against DNS rebinding, Origin against other sites: with one, a request must come from this very server's page.
   * @throws ClaudexError FOREIGN_HOST, FOREIGN_ORIGIN
   */
  checkPlace({ headers }: IncomingMessage): void {
    const { host, origin } = headers;
    if (!isOwnHost(host, this.#options.hosts)) throw new ClaudexError('FOREIGN_HOST', `Host: ${shown(host)}.`);
    if (origin !== undefined && !this.#isOwnOrigin(origin, host!)) {
      throw new ClaudexError('FOREIGN_ORIGIN', `Origin: ${shown(origin)}.`);
    }
  }

  /**
   * The device that asks; undefined when it shows nothing, or what is no longer good. A cookie counts only where the browser says
   * that the request is its own page's: SameSite does not keep other ports of this machine out.
   * @throws ClaudexError FOREIGN_ORIGIN
   */
  identify(request: IncomingMessage): Device | undefined {
    const { headers, method } = request;
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token !== undefined) {
      const device = token.startsWith(tokenPrefix) ? this.#find(token.slice(tokenPrefix.length)) : undefined;
      return device?.kind === 'program' ? device : undefined;
    }
    const secret = cookieOf(headers.cookie, this.#options.cookieName);
    if (secret === undefined) return undefined;
    const isRead = (method === 'GET' || method === 'HEAD') && headers.upgrade === undefined;
    const site = headers['sec-fetch-site'];
    if (isRead ? site !== undefined && !['same-origin', 'none'].includes(String(site)) : headers.origin === undefined) {
      throw new ClaudexError('FOREIGN_ORIGIN', 'The cookie came from elsewhere than the page.');
    }
    const device = this.#find(secret);
    return device?.kind === 'browser' ? device : undefined;
  }

  /** @throws ClaudexError NOT_SIGNED_IN, SCOPE_MISSING, FOREIGN_ORIGIN */
  require(request: IncomingMessage, scope: Scope | 'paired'): Device {
    const device = this.identify(request);
    if (!device) throw new ClaudexError('NOT_SIGNED_IN');
    if (scope !== 'paired' && !device.scopes.includes(scope)) {
      throw new ClaudexError('SCOPE_MISSING', `"${device.name}" does not have the scope ${scope}.`);
    }
    return device;
  }

  /**
   * The device of a chat: by the token in its path, which is of one session and good for nothing else, or one that may see and send.
   * @throws ClaudexError NOT_SIGNED_IN, SCOPE_MISSING, FOREIGN_ORIGIN
   */
  requireChat(request: IncomingMessage, secret: string | undefined): Device {
    if (secret === undefined) {
      this.require(request, 'view');
      return this.require(request, 'send');
    }
    const device = this.#find(secret);
    if (device?.kind !== 'chat') throw new ClaudexError('NOT_SIGNED_IN');
    return device;
  }

  /** Over https, a proxy's too: there the page's requests say so. */
  isSecure({ headers: { origin } }: IncomingMessage): boolean {
    return this.#options.isTls || origin?.startsWith('https://') === true;
  }

  /** The header that makes a browser keep the secret, where no script reads it. */
  cookie(secret: string, isSecure: boolean): string {
    const { cookieName } = this.#options;
    const year = 365 * 24 * 3600;
    return `${cookieName}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${year}${isSecure ? '; Secure' : ''}`;
  }

  #find(secret: string): Device | undefined {
    return this.#options.devices.find(secret);
  }

  /** https in front of plain http is a proxy's, which has a name that this server was given: addresses of this machine have none. */
  #isOwnOrigin(origin: string, host: string): boolean {
    const { isTls, hosts } = this.#options;
    const place = host.toLowerCase();
    const name = place.replace(/:\d+$/, '');
    if (origin === `${isTls ? 'https' : 'http'}://${place}`) return true;
    return !isTls && origin === `https://${place}` && name !== 'localhost' && isIP(name) === 0 && hosts.has(name);
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

function shown(header: string | undefined): string {
  return header === undefined ? 'none' : JSON.stringify(header.slice(0, 200));
}
