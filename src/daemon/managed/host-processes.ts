/** The processes that hold managed sessions: starting one, whether it lives, what it has said of itself. */
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { startBackground } from '../../background/start.ts';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { claudexPaths, hostPaths } from '../../home/paths.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';
import { processStartTime } from '../../process/identity.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedSession } from '../../protocol/managed.ts';

export interface HostProcesses {
  /** Starts a host for it. Resolves when claude has been started. @throws ClaudexError HOST_START_FAILED */
  start(session: ManagedSession, onExit: () => void): Promise<HostFile>;
  /** What it says of itself; undefined where nothing is. */
  read(id: string): HostFile | undefined;
  isAlive(file: HostFile): boolean;
  /** Asks claude to end, insists after a while; `kill` does not ask. */
  end(file: HostFile, how: 'ask' | 'kill'): void;
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
    clear(session.id);
    await startBackground({
      words: ['daemon', 'host', session.id],
      nodeOptions: ['--max-semi-space-size=2'],
      home,
      cwd: session.cwd,
      env: session.env,
      errorLog: hostPaths(session.id, env).log,
      failedAs: 'HOST_START_FAILED',
      onExit,
    });
    const file = read(session.id);
    if (!file) throw new ClaudexError('HOST_START_FAILED', 'It has not said who it is.');
    return file;
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
    const { file, socket } = hostPaths(id, env);
    for (const path of [file, socket]) rmSync(path, { force: true });
  }

  return {
    start,
    prepare,
    read,
    clear,
    forget: (id) => {
      clear(id);
      rmSync(hostPaths(id, env).log, { force: true });
    },
    isAlive: ({ host }) => processStartTime(host.pid) === host.startTime,
    end: ({ host, claude }, how) => {
      // a host passes the signal on and insists; where it is to be killed, claude first, so that its host can say how it ended
      const victim = how === 'ask' ? host : claude;
      if (processStartTime(victim.pid) !== victim.startTime) return;
      try {
        process.kill(victim.pid, how === 'ask' ? 'SIGTERM' : 'SIGKILL');
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
    },
  };
}
