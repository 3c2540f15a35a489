/**
 * A running daemon of at least our version, started if there is none. Safe to call from many processes at once:
 * the daemon's own lock lets one win, the others connect to it.
 */
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isComingUp, lockOwner } from '../background/lock.ts';
import { startBackground } from '../background/start.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { isAtLeast, packageVersion } from '../home/package.ts';
import { type ClaudexPaths, claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { steadyNow } from '../process/clock.ts';
import { untilGone } from '../process/until-gone.ts';
import { DaemonClient } from './client.ts';
import { elsewhere } from './elsewhere.ts';

/** Until when another try is made where whoever has won the race does not answer. */
const startTimeoutMs = 10_000;
/** A daemon that is replaced is given so long to go. */
const replacedGoesMs = 3000;
/** A daemon that is there and has not said by then how it is, hangs. */
const answerTakesMs = 4000;
/** A daemon that is waited for is looked for this often. */
const lookEveryMs = 500;
/** Whoever has won the race for the lock and does not answer by then may have died over it: another try is due. */
const winnerTakesMs = 2000;

/**
 * The client of this home's daemon, whether or not one runs. Anybody could have made the home (CLAUDEX_HOME may be anywhere), or
 * the folder of its socket, with a daemon of their own in it.
 * @throws ClaudexError HOME_NOT_PRIVATE when the home, the socket's folder or the socket is not ours
 */
export function daemonClient(env: NodeJS.ProcessEnv): DaemonClient {
  const paths = claudexPaths(env);
  const { home } = paths;
  if (existsSync(home)) ensurePrivateDir(home);
  const socket = addressedSocket(paths) ?? paths.socket;
  if (dirname(socket) !== home) ensurePrivateDir(dirname(socket));
  const stat = lstatSync(socket, { throwIfNoEntry: false });
  if (stat && (stat.uid !== process.geteuid?.() || !stat.isSocket())) {
    throw new ClaudexError('HOME_NOT_PRIVATE', `${socket} is not a socket of yours.`);
  }
  return new DaemonClient(socket);
}

/**
 * Where the daemon says that it listens: with a long home, the socket's folder is of the environment it was started in. Undefined
 * where it does not say, or where nobody listens any more.
 */
function addressedSocket({ socketAddress }: ClaudexPaths): string | undefined {
  try {
    const stat = lstatSync(socketAddress);
    if (!stat.isFile() || stat.uid !== process.geteuid?.()) return undefined;
    const path = readFileSync(socketAddress, 'utf8').trim();
    return path.startsWith('/') && existsSync(path) ? path : undefined;
  } catch {
    return undefined; // no daemon runs
  }
}

/** Connects to the running daemon; undefined when there is none. Starts nothing. @throws ClaudexError HOME_NOT_PRIVATE */
export async function connectDaemon(env: NodeJS.ProcessEnv): Promise<DaemonClient | undefined> {
  const client = daemonClient(env);
  try {
    await client.status(answerTakesMs);
    return client;
  } catch (error) {
    if (error instanceof ClaudexError && error.code === 'DAEMON_UNREACHABLE') return undefined;
    throw error;
  }
}

/**
 * Connects, starting or replacing the daemon where needed. For a command that was sent to another machine: what speaks for that one.
 * @throws ClaudexError DAEMON_START_FAILED, DAEMON_UNREACHABLE for one that hangs, PACKAGE_GONE, HOME_NOT_PRIVATE, HOME_UNWRITABLE
 */
export async function ensureDaemon(env: NodeJS.ProcessEnv): Promise<DaemonClient> {
  const far = elsewhere();
  if (far) return far.client;
  const client = daemonClient(env);
  const version = packageVersion();
  const askedSteadyMs = steadyNow();
  try {
    const status = await client.status(answerTakesMs);
    if (isAtLeast(status.version, version)) return client;
    await client.shutdown('replaced');
    // one that does not go is left to the lock: the new one then says why it cannot start
    await untilGone(status.pid, replacedGoesMs);
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    // nobody can take its place while it lives
    const hung = steadyNow() - askedSteadyMs < answerTakesMs ? undefined : lockOwner(claudexPaths(env).lock);
    if (hung) throw new ClaudexError('DAEMON_UNREACHABLE', `It is pid ${hung.pid}, and hangs.`);
  }
  for (const until = steadyNow() + startTimeoutMs; ; ) {
    await startDaemon(env);
    // it may listen elsewhere than the last one
    const started = daemonClient(env);
    const failure = await answerWithin(started, winnerTakesMs);
    if (failure === undefined) return started;
    // one that reads a long journal says so by its lock
    if (steadyNow() > until && !isComingUp(claudexPaths(env).lock)) throw failure;
  }
}

/** Who lost the race for the lock is told so before the winner listens. @returns why it has not answered in that time */
async function answerWithin(client: DaemonClient, timeoutMs: number): Promise<unknown> {
  for (const until = steadyNow() + timeoutMs; ; ) {
    try {
      await client.status(answerTakesMs);
      return undefined;
    } catch (error) {
      if (steadyNow() > until) return error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * For who only looks on: the daemon, started where there is none. One that a person has stopped is not brought back by that: undefined
 * then. @throws what `ensureDaemon` throws
 */
export async function daemonUnlessStopped(env: NodeJS.ProcessEnv): Promise<DaemonClient | undefined> {
  const isStopped = !elsewhere() && existsSync(claudexPaths(env).stopped);
  return isStopped ? connectDaemon(env) : ensureDaemon(env);
}

/** The same, waiting for one that was stopped to be started again. @throws what `ensureDaemon` throws */
export async function nextDaemon(env: NodeJS.ProcessEnv): Promise<DaemonClient> {
  for (;;) {
    const client = await daemonUnlessStopped(env);
    if (client) return client;
    await delay(lookEveryMs);
  }
}

/** A person has stopped the daemon: hooks of running sessions leave it so, until a command or a new session starts it. */
export function holdStopped(env: NodeJS.ProcessEnv): void {
  const { home, stopped } = claudexPaths(env);
  if (existsSync(home)) writeFileSync(stopped, '', { mode: 0o600 });
}

async function startDaemon(env: NodeJS.ProcessEnv): Promise<void> {
  const { home, log, lock, stopped } = claudexPaths(env);
  rmSync(stopped, { force: true });
  await startBackground({
    words: ['daemon', 'run'],
    // a flood of messages would let V8's nursery grow, for good: 133 MB instead of 93 with a thousand sessions
    nodeOptions: ['--max-semi-space-size=2', '--expose-gc'],
    home,
    env,
    extraEnv: { CLAUDEX_DAEMON: '1' },
    errorLog: `${log}.stderr`,
    isUnderWay: () => isComingUp(lock),
    failedAs: 'DAEMON_START_FAILED',
  });
}
