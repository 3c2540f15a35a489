/** The processes that hold managed sessions: starting one, whether it lives, what it has said of itself. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockOwner } from '../../background/lock.ts';
import { startBackground } from '../../background/start.ts';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { claudexPaths, hostPaths } from '../../home/paths.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';
import { steadyNow } from '../../process/clock.ts';
import { lives, processStartTime } from '../../process/identity.ts';
import { untilGone } from '../../process/until-gone.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedSession } from '../../protocol/managed.ts';

/** A host that somebody else has started has come up by then. */
const comesUpMs = 10_000;
const lookEveryMs = 20;
/** A claude whose terminal has gone with its host ends by itself within this time, or does not. */
const endsByItselfMs = 5000;

export interface HostProcesses {
  /** Starts a host for it, where none is on its way already. Resolves when claude has been started. @throws ClaudexError HOST_START_FAILED */
  start(session: ManagedSession, onExit: () => void): Promise<HostFile>;
  /** Has a host its place, though it may not have said who it is yet? */
  isHeld(id: string): boolean;
  /** Is it that process that has the place? */
  isHeldBy(id: string, pid: number): boolean;
  /** That host, once it says who it is. @throws ClaudexError HOST_START_FAILED */
  found(id: string): Promise<HostFile>;
  /** What it says of itself; undefined where nothing is. */
  read(id: string): HostFile | undefined;
  isAlive(file: HostFile): boolean;
  /** Asks claude to end, insists after a while; `kill` does not ask. */
  end(file: HostFile, how: 'ask' | 'kill'): void;
  /** A claude that its host has left behind is gone when this resolves. */
  endLeftBehind(file: HostFile): Promise<void>;
  /** The folder of their sockets is there. */
  prepare(): void;
  /** Takes away what a dead one has left. */
  clear(id: string): void;
  /** The same, and what it has said on its standard error. */
  forget(id: string): void;
}

export function hostProcesses(env: NodeJS.ProcessEnv): HostProcesses {
  const { home, hosts } = claudexPaths(env);

  async function start(session: ManagedSession, onExit: () => void): Promise<HostFile> {
    prepare();
    if (isHeld(session.id)) return found(session.id);
    clear(session.id);
    let child: ChildProcess | undefined;
    const starting = startBackground({
      words: ['daemon', 'host', session.id],
      nodeOptions: ['--max-semi-space-size=2'],
      home,
      cwd: session.cwd,
      env: session.env,
      errorLog: hostPaths(session.id, env).log,
      failedAs: 'HOST_START_FAILED',
      onExit,
      onSpawn: (spawned) => {
        child = spawned;
      },
    });
    try {
      await starting;
      const file = read(session.id);
      if (file) return file;
      throw new ClaudexError('HOST_START_FAILED', 'It has not said who it is.');
    } catch (error) {
      // it may only be slow: what nobody waits for any more is not to come up later
      child?.kill('SIGKILL');
      const owner = lockOwner(hostPaths(session.id, env).lock);
      if (owner === undefined || owner.pid === child?.pid) throw error;
      // a daemon that has died has started one as well, and that one was faster
    }
    return found(session.id);
  }

  function isHeld(id: string): boolean {
    return lockOwner(hostPaths(id, env).lock) !== undefined;
  }

  async function found(id: string): Promise<HostFile> {
    for (const until = steadyNow() + comesUpMs; ; await delay(lookEveryMs)) {
      const file = read(id);
      if (file && isAlive(file)) return file;
      const owner = lockOwner(hostPaths(id, env).lock);
      if (owner && steadyNow() <= until) continue;
      if (owner) signal(owner, 'SIGKILL');
      throw new ClaudexError('HOST_START_FAILED', 'It has not said who it is.');
    }
  }

  function isAlive({ host }: HostFile): boolean {
    return processStartTime(host.pid) === host.startTime;
  }

  function prepare(): void {
    ensurePrivateDir(hosts);
    ensurePrivateDir(dirname(hostPaths('any', env).socket));
  }

  function read(id: string): HostFile | undefined {
    try {
      const file = JSON.parse(readFileSync(hostPaths(id, env).file, 'utf8')) as HostFile;
      return file.version === 1 && file.id === id ? file : undefined;
    } catch {
      return undefined; // none, or damaged: nobody is known to run there
    }
  }

  function clear(id: string): void {
    if (isHeld(id)) return;
    const { file, socket, lock } = hostPaths(id, env);
    for (const path of [file, socket, lock]) rmSync(path, { force: true });
  }

  return {
    start,
    isHeld,
    isHeldBy: (id, pid) => lockOwner(hostPaths(id, env).lock)?.pid === pid,
    found,
    prepare,
    read,
    clear,
    forget: (id) => {
      clear(id);
      rmSync(hostPaths(id, env).log, { force: true });
    },
    isAlive,
    end: ({ host, claude }, how) => {
      // a host passes the signal on and insists; where it is to be killed, claude first, so that its host can say how it ended
      if (how === 'ask') signal(host, 'SIGTERM');
      else signal(claude, 'SIGKILL');
    },
    endLeftBehind: async ({ claude }) => {
      if (!lives(claude) || (await untilGone(claude.pid, endsByItselfMs))) return;
      signal(claude, 'SIGKILL');
      await untilGone(claude.pid);
    },
  };
}

function signal(victim: { pid: number; startTime: string }, name: NodeJS.Signals): void {
  if (processStartTime(victim.pid) !== victim.startTime) return;
  try {
    process.kill(victim.pid, name);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
