/** The hook scripts as claude runs them, with a stand-in for the daemon. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../src/home/package.ts';
import { replaceFile } from '../../src/home/replace-file.ts';

export const shells = ['/bin/sh', '/bin/dash', '/bin/bash'].filter((path) => existsSync(path));
export const silent = { stdout: '', stderr: '', code: 0 };

export interface Outcome {
  stdout: string;
  stderr: string;
  code: number | null;
}

/** A folder whose name breaks careless quoting, with copies of the scripts and an empty claudex home. */
export function makePlace() {
  const top = mkdtempSync(join(tmpdir(), 'claudex-hook-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const dir = join(top, `it's a "home" {dir} \\$x \`y\``);
  const home = join(dir, '.claudex');
  const hooksDir = join(dir, 'hooks');
  for (const made of [hooksDir, join(home, 'badges')]) mkdirSync(made, { recursive: true });
  for (const script of ['claudex-hook', 'claudex-hook-node.cjs', 'claudex-statusline']) {
    copyFileSync(join(packageRoot(), 'hooks', script), join(hooksDir, script));
  }
  return { top, dir, home, hooksDir, location: { hooksDir, home } };
}

/** Runs `command` as claude runs a hook: `<shell> -c <command>`, the event on stdin. */
export function run(shell: string, command: string, input: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(shell, ['-c', command], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', CLAUDEX_HOOK_SECONDS: '20', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk;
  });
  // EPIPE: the script ended without reading its event
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}

export interface Received {
  request: IncomingMessage;
  body: string;
}

/** A daemon stand-in on a unix socket, named in `home`/daemon.addr. */
export async function startDaemon(top: string, home: string, status: number, reply: string): Promise<Received[]> {
  const received: Received[] = [];
  const socket = join(mkdtempSync(join(top, 's')), 'd.sock');
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ request, body: Buffer.concat(chunks).toString('utf8') });
    response.writeHead(status, { 'content-type': 'application/json' }).end(reply);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  mkdirSync(home, { recursive: true });
  replaceFile(join(home, 'daemon.addr'), `${socket}\n`); // in one step, as the daemon does
  return received;
}

/** A PATH that has node and nothing else. */
export function pathWithoutCurl(top: string): string {
  const bin = join(top, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  return bin;
}

export function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
