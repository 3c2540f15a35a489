/** Contexts of the NATS command line: where its users keep how they reach a server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { userHome } from '../home/paths.ts';
import type { Access } from './connect.ts';

/** What of a context is used; one that needs more than that is refused. @throws ClaudexError USAGE, FILE_UNREADABLE */
export function readContext(env: NodeJS.ProcessEnv, name: string): Omit<Access, 'name'> {
  if (!/^[\w.-]+$/.test(name)) throw new ClaudexError('USAGE', `"${name}" is no name of a context.`);
  const folder = join(env.XDG_CONFIG_HOME || join(userHome(env), '.config'), 'nats', 'context');
  const path = join(folder, `${name}.json`);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
  const text = (key: string): string | undefined =>
    typeof value[key] === 'string' && value[key] !== '' ? (value[key] as string) : undefined;
  const url = text('url');
  if (url === undefined) throw new ClaudexError('USAGE', `${path} has no url.`);
  const unknown = ['user', 'password', 'token', 'cert', 'key', 'nsc', 'jetstream_domain'].filter((one) => text(one));
  if (unknown.length > 0)
    throw new ClaudexError('USAGE', `${path} needs ${unknown.join(', ')}; claudex knows creds, nkey and ca.`);
  const [creds, nkeyFile, tlsCa] = [text('creds'), text('nkey'), text('ca')];
  return {
    url,
    ...(creds !== undefined && { creds }),
    ...(nkeyFile !== undefined && { nkey: readSeed(nkeyFile) }),
    ...(tlsCa !== undefined && { tlsCa }),
  };
}

/** The seed in a file; `-` is standard input. @throws ClaudexError FILE_UNREADABLE */
export function readSeed(path: string): string {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    return /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0] ?? text.trim();
  } catch (error) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
