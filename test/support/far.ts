/** Another machine for a test: `claudex web` over TLS in one home, and commands in a second one that reach it with --host. */
import { join } from 'node:path';
import { runClaudex, startClaudex } from './claudex.ts';
import type { HermeticHome } from './hermetic-home.ts';
import type { PtyDriver } from './pty-driver.ts';
import { type RunResult, run } from './run-command.ts';
import { type RunningWeb, startWeb } from './web.ts';

export interface OtherMachine {
  web: RunningWeb;
  /** Path of its certificate. */
  certificate: string;
  /** The environment of whoever sits here. */
  env: Record<string, string>;
  /** `claudex <words>` here. */
  here(words: string[], stdin?: string): Promise<RunResult>;
  /** `claudex --host devbox <words>` in a terminal here. */
  inTerminal(words: string[]): PtyDriver;
  /** Adds it as `devbox`, with a new token of those scopes. */
  add(...scopes: string[]): Promise<RunResult>;
  /** Its server is killed. */
  killServer(): Promise<void>;
  /** Its server once more, on the same port. */
  again(): Promise<RunningWeb>;
}

/** A certificate for localhost that nobody has signed but itself. */
export async function selfSigned(folder: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = await run('openssl', [...words, ...names, '-keyout', key, '-out', cert], {
    env: { PATH: process.env.PATH ?? '' },
  });
  if (made.code !== 0) throw new Error(`openssl: ${made.stderr}`);
  return { cert, key };
}

export async function otherMachine(
  there: HermeticHome,
  from: HermeticHome,
  options: { api?: { url: string }; env?: Record<string, string> } = {},
): Promise<OtherMachine> {
  const { cert, key } = await selfSigned(there.root);
  const tls = ['--tls-cert', cert, '--tls-key', key];
  const web = await startWeb(there, { ...options, args: tls });
  const env = from.env();
  const here = (words: string[], stdin?: string): Promise<RunResult> =>
    runClaudex(words, { env, cwd: from.cwd, ...(stdin !== undefined && { stdin }) });
  return {
    web,
    certificate: cert,
    env,
    here,
    inTerminal: (words) => startClaudex(['--host', 'devbox', ...words], { env, cwd: from.cwd }),
    killServer: async () => {
      const ended = new Promise<void>((resolve) => web.child.once('exit', () => resolve()));
      web.child.kill('SIGKILL');
      await ended;
    },
    again: () => startWeb(there, { ...options, args: [...tls, '--port', String(web.port)] }),
    add: async (...scopes) => here(['host', 'add', 'devbox', web.url, '--ca', cert], await web.token(...scopes)),
  };
}
