/** `claudex serve` from start to end: finds the workspaces, listens, tells how to use it, drains and leaves nothing running. */
import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { findClaude } from '../claude/binary.ts';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import { type Log, openLog } from '../home/log.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { readSettings } from '../settings/read.ts';
import { logFieldsOf } from './api-error.ts';
import { Metrics } from './metrics.ts';
import { serveRoutes } from './serve-routes.ts';
import { createServeServer } from './serve-server.ts';
import { ServedWorkspace } from './served-workspace.ts';
import { findWorkspaces, tokenIn, type Workspace } from './workspaces.ts';

export interface ServeOptions {
  /** Folder of the workspaces. */
  root: string;
  /** Which of them; none for all. */
  names: readonly string[];
  /** Address or name to listen on. */
  host: string;
  /** 0 for a free one. */
  port: number;
}

export interface RunningServer {
  url: string;
  workspaces: readonly Workspace[];
  metricsTokenPath: string;
  /** No new requests; those that run may end, but no longer than the grace. Resolves when no process is left. */
  stop(graceMs: number): Promise<void>;
}

const bodyTimeoutMs = 30_000;

/** The workspaces below `root` with their tokens, made where they are missing. @throws ClaudexError WORKSPACE_REFUSED */
export function readyWorkspaces(env: NodeJS.ProcessEnv, root: string, names: readonly string[]): Workspace[] {
  const paths = claudexPaths(env);
  ensurePrivateDir(paths.home);
  return findWorkspaces(root, names, paths.serve);
}

/** Listens; resolves when requests are taken. @throws ClaudexError SERVE_START_FAILED, WORKSPACE_REFUSED, CLAUDE_NOT_FOUND */
export async function startServing(env: NodeJS.ProcessEnv, options: ServeOptions): Promise<RunningServer> {
  const { values } = readSettings(env);
  const paths = claudexPaths(env);
  const claudeFile = findClaude({ env, setting: values['claude.path'] ?? undefined });
  const workspaces = readyWorkspaces(env, options.root, options.names);
  ensurePrivateDir(dirname(paths.serveLog));
  const log = openLog(paths.serveLog);
  const metrics = new Metrics();
  const limits = {
    concurrency: values['serve.concurrency'],
    queue: values['serve.queue'],
    timeoutMs: values['serve.timeoutMs'],
    idleMs: values['serve.idleMs'],
  };
  const served = workspaces.map((one) => new ServedWorkspace(one, { claudeFile, env, limits, metrics, log }));
  const metricsTokenPath = join(paths.serve, 'metrics.token');
  let draining = false;
  const server = createServeServer(
    serveRoutes({
      served,
      metricsToken: tokenIn(metricsTokenPath).token,
      metrics,
      log,
      isDraining: () => draining,
    }),
    new Set([options.host.toLowerCase()]),
    { bodyTimeoutMs },
    (requestId, error) => log('refused', { requestId, ...logFieldsOf(error) }),
  );
  await listen(server, options);
  const url = urlOf(server, options.host);
  log('listening', { url, pid: process.pid, workspaces: workspaces.length });
  return {
    url,
    workspaces,
    metricsTokenPath,
    stop: async (graceMs) => {
      draining = true;
      await drain(server, served, graceMs, log);
    },
  };
}

async function drain(server: Server, served: readonly ServedWorkspace[], graceMs: number, log: Log): Promise<void> {
  log('draining', { graceMs });
  const finished = new Promise<void>((resolve) => server.close(() => resolve()));
  // a connection becomes idle when its last answer is out
  const closing = setInterval(() => server.closeIdleConnections(), 50);
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([finished, grace]);
  clearTimeout(timer);
  await Promise.all(served.map((one) => one.close()));
  server.closeAllConnections();
  await finished;
  clearInterval(closing);
  log('ended');
}

function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = systemErrorCode(error) === 'EADDRINUSE' ? 'something else listens there' : error.message;
      reject(new ClaudexError('SERVE_START_FAILED', `${host}, port ${port}: ${why}.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
