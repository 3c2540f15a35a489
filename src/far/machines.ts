/** The other machines that this user knows, each with its token: `machines.json` in the claudex folder, mode 0600. */
import { isIP } from 'node:net';
import { ClaudexError } from '../errors/claudex-error.ts';
import { readKeptList } from '../home/kept-list.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { replaceFile } from '../home/replace-file.ts';

export interface Machine {
  name: string;
  /** Scheme, host and port of its `claudex web`. */
  url: string;
  token: string;
  /** PEM of the certificate that is trusted instead of the known authorities. */
  ca: string | null;
  /** Beyond loopback without TLS is meant so. */
  plainHttp: boolean;
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** The machines that were added, by name. */
export function listMachines(env: NodeJS.ProcessEnv): Machine[] {
  const { home, machines } = claudexPaths(env);
  ensurePrivateDir(home);
  return readKeptList(machines, 'machines', parseMachine).sort((a, b) => a.name.localeCompare(b.name));
}

/** Takes the place of one of that name. @throws ClaudexError USAGE, HOME_UNWRITABLE */
export function keepMachine(env: NodeJS.ProcessEnv, machine: Machine): void {
  checkMachineName(machine.name);
  writeMachines(env, [...listMachines(env).filter(({ name }) => name !== machine.name), machine]);
}

/** @throws ClaudexError USAGE */
export function checkMachineName(name: string): void {
  if (namePattern.test(name)) return;
  throw new ClaudexError('USAGE', `"${name.slice(0, 80)}" is no name: letters, digits, ".", "_" and "-".`);
}

/** @throws ClaudexError NO_SUCH_MACHINE */
export function removeMachine(env: NodeJS.ProcessEnv, name: string): void {
  const all = listMachines(env);
  const others = all.filter((one) => one.name !== name);
  if (others.length === all.length) throw noSuchMachine(name, all);
  writeMachines(env, others);
}

/**
 * The machine that `--host` means: a name, or an address, whose token is CLAUDEX_TOKEN or the one kept for it.
 * @throws ClaudexError NO_SUCH_MACHINE, FAR_TOKEN_MISSING, FAR_URL, FAR_PLAIN_HTTP
 */
export function findMachine(env: NodeJS.ProcessEnv, wanted: string): Machine {
  const all = listMachines(env);
  if (!wanted.includes('://')) {
    const kept = all.find(({ name }) => name === wanted);
    if (!kept) throw noSuchMachine(wanted, all);
    return kept;
  }
  const url = machineUrl(wanted);
  const kept = all.find((one) => one.url === url);
  const token = env.CLAUDEX_TOKEN || kept?.token;
  if (!token) throw new ClaudexError('FAR_TOKEN_MISSING', `For ${url}.`);
  const machine = { ca: null, plainHttp: false, ...kept, name: kept?.name ?? url, url, token };
  checkEncrypted(machine);
  return machine;
}

/** Scheme, host and port alone: what else an address can hold is in every list of processes. @throws ClaudexError FAR_URL */
export function machineUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ClaudexError('FAR_URL', 'It cannot be read as an address.');
  }
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username + url.password === '';
  if (!['http:', 'https:'].includes(url.protocol)) throw new ClaudexError('FAR_URL', `It begins with ${url.protocol}.`);
  if (!isBare) throw new ClaudexError('FAR_URL', 'There is more in it than scheme, host and port.');
  return url.origin;
}

/** A token goes in the clear over no network, unless that is said. @throws ClaudexError FAR_PLAIN_HTTP */
export function checkEncrypted({ url, plainHttp }: Pick<Machine, 'url' | 'plainHttp'>): void {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (protocol === 'http:' && !isHere && !plainHttp) throw new ClaudexError('FAR_PLAIN_HTTP', `${url}.`);
}

function writeMachines(env: NodeJS.ProcessEnv, machines: readonly Machine[]): void {
  const text = `${JSON.stringify({ version: 1, machines }, null, 2)}\n`;
  replaceFile(claudexPaths(env).machines, text, { mode: 0o600 });
}

function noSuchMachine(name: string, all: readonly Machine[]): ClaudexError {
  const known = all.length === 0 ? 'none is known' : `known: ${all.map((one) => one.name).join(', ')}`;
  return new ClaudexError('NO_SUCH_MACHINE', `Asked for "${name.slice(0, 200)}"; ${known}.`);
}

function parseMachine(entry: unknown): Machine | undefined {
  const { name, url, token, ca = null, plainHttp = false } = (entry ?? {}) as Partial<Machine>;
  if (typeof name !== 'string' || typeof url !== 'string' || typeof token !== 'string') return undefined;
  if (ca !== null && typeof ca !== 'string') return undefined;
  return { name, url, token, ca, plainHttp: plainHttp === true };
}
