/** Where this home's web server listens: it writes it, the commands that make links read it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { isAlive } from '../process/identity.ts';

export function addressFile(env: NodeJS.ProcessEnv): string {
  return join(claudexPaths(env).web, 'address.json');
}

/** @throws ClaudexError WEB_NOT_RUNNING */
export function webAddress(env: NodeJS.ProcessEnv): string {
  try {
    const { url, pid } = JSON.parse(readFileSync(addressFile(env), 'utf8')) as { url: string; pid: number };
    if (isAlive(pid)) return url;
  } catch {
    // none was ever started, or it has ended
  }
  throw new ClaudexError('WEB_NOT_RUNNING');
}
