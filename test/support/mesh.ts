/** A mesh for a test: `claudex mesh up` on a free port of loopback, machines in homes of their own, a bare nats-server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { newKey } from '../../src/mesh/server-files.ts';
import { claudexBin } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { registerProcess, registerResource } from './resources.ts';
import { type RunResult, run } from './run-command.ts';
import { until } from './until.ts';

const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];

/** Where nats-server is; undefined where it is not installed: `npm test` then says how to get it. */
export const natsServer = folders.map((one) => join(one, 'nats-server')).find((one) => existsSync(one));

export interface RunningMesh {
  url: string;
  port: number;
  /** Ends server and command; resolves when both are gone. */
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `claudex mesh up`; the home joins its own mesh as `name`. */
export async function startMesh(home: HermeticHome, name: string, port?: number): Promise<RunningMesh> {
  const at = port ?? (await freePort());
  const child = spawn(process.execPath, [claudexBin, 'mesh', 'up', '--port', String(at), '--as', name], {
    env: home.env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = watchOver(child, 'claudex mesh up');
  await saying(child, /Ctrl-C/);
  return { url: `nats://127.0.0.1:${at}`, port: at, stop };
}

/** A nats-server without a configuration of ours. */
export async function startBareServer(args: readonly string[]): Promise<string> {
  const port = await freePort();
  const child = spawn(natsServer!, ['-a', '127.0.0.1', '-p', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  watchOver(child, 'nats-server');
  await saying(child, /Server is ready/);
  return `nats://127.0.0.1:${port}`;
}

function watchOver(child: ChildProcess, label: string): () => Promise<void> {
  registerProcess(child.pid!, label);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  registerResource({ label, dispose: stop });
  return stop;
}

function saying(child: ChildProcess, wanted: RegExp): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      if (wanted.test(output)) resolve();
    };
    child.stdout!.setEncoding('utf8').on('data', read);
    child.stderr!.setEncoding('utf8').on('data', read);
    child.once('exit', (code) => reject(new Error(`it ended (${code}):\n${output}`)));
  });
}

/** The seed that an invitation holds. */
export async function invite(host: HermeticHome, name: string): Promise<string> {
  const { stdout, stderr, code } = await run(process.execPath, [claudexBin, 'mesh', 'invite', name, '--json'], {
    env: host.env(),
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).seed;
}

/** `claudex mesh join` with that seed on standard input. `from`: the environment that daemon and bridge then have. */
export function joinWith(
  home: HermeticHome,
  url: string,
  name: string,
  seed: string,
  from: Record<string, string> = home.env(),
): Promise<RunResult> {
  const words = [process.execPath, claudexBin, 'mesh', 'join', url, '--nkey', '-', '--as', name];
  const env = { ...from, SEED: seed };
  return run('/bin/sh', ['-c', 'printf "%s\\n" "$SEED" | "$@"', 'sh', ...words], { env });
}

/** A line to the server that runs in that home, as who may do everything with the bucket (`owner`) or with the mailboxes. */
export function asServerOwner(home: HermeticHome, url: string, of: 'owner' | 'mailOwner'): Promise<NatsConnection> {
  const record = JSON.parse(readFileSync(join(home.claudexHome, 'mesh', 'server', 'server.json'), 'utf8'));
  return connectAs(url, record[of]);
}

/** A line that hears all that machines say to each other there: whoever owns the server can give themselves one. */
export async function asSpy(home: HermeticHome, url: string): Promise<NatsConnection> {
  const folder = join(home.claudexHome, 'mesh', 'server');
  const path = join(folder, 'nats.conf');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  const { seed, publicKey } = newKey();
  config.accounts.MACHINES.users.push({ nkey: publicKey });
  writeFileSync(path, JSON.stringify(config));
  process.kill(JSON.parse(readFileSync(join(folder, 'process.json'), 'utf8')).pid, 'SIGHUP');
  let connection: NatsConnection | undefined;
  await until(async () => {
    connection = await connectAs(url, seed);
    return true;
  });
  return connection!;
}

function connectAs(url: string, seed: string): Promise<NatsConnection> {
  return connect({ servers: url, authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)), reconnect: false });
}

/** What the home's bridge has written down, once that is so. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it
export async function untilSeen(home: HermeticHome, holds: (seen: any) => boolean): Promise<void> {
  await until(() => holds(JSON.parse(readFileSync(join(home.claudexHome, 'mesh', 'seen.json'), 'utf8'))));
}
