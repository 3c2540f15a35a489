/** The processes that hold managed sessions: starting one, whether it lives, what it has said of itself. */
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { spawnBackground } from '../../background/spawn.ts';
import { ClaudexError, isErrorCode, systemErrorCode } from '../../errors/claudex-error.ts';
import { entryPoint } from '../../home/package.ts';
import { claudexPaths, hostPaths } from '../../home/paths.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';
import { processStartTime } from '../../process/identity.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedSession } from '../../protocol/managed.ts';

const startTakesMs = 15_000;

export interface HostProcesses {
  /** Starts a host for it. Resolves when claude has been started. @throws ClaudexError HOST_START_FAILED */
  start(session: ManagedSession, onExit: () => void): Promise<HostFile>;
  /** What it says of itself; undefined where nothing is. */
  read(id: string): HostFile | undefined;
  isAlive(file: HostFile): boolean;
  /** Asks claude to end, insists after a while; `kill` does not ask. */
  end(file: HostFile, how: 'ask' | 'kill'): void;
  /** Takes away what a dead one has left. */
  clear(id: string): void;
}

export function hostProcesses(env: NodeJS.ProcessEnv): HostProcesses {
  const { home, hosts } = claudexPaths(env);

  async function start(session: ManagedSession, onExit: () => void): Promise<HostFile> {
    ensurePrivateDir(hosts);
    clear(session.id);
    const errorLog = openSync(hostPaths(session.id, env).log, 'a', 0o600);
    const ownMemory = '--max-semi-space-size=2';
    let child: ReturnType<typeof spawnBackground>;
    try {
      child = spawnBackground([ownMemory, entryPoint(), 'daemon', 'host', session.id], {
        cwd: session.cwd,
        env: { ...session.env, CLAUDEX_HOME: home },
        errorLog,
      });
    } finally {
      closeSync(errorLog);
    }
    child.once('exit', onExit);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const report = await readReport(child.stdio[3] as Readable, exited, child);
    child.unref();
    if (!report.ready) {
      throw new ClaudexError(isErrorCode(report.code) ? report.code : 'HOST_START_FAILED', report.facts ?? '');
    }
    const file = read(session.id);
    if (!file) throw new ClaudexError('HOST_START_FAILED', 'It has not said who it is.');
    return file;
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
    read,
    clear,
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

interface ReadyReport {
  ready: boolean;
  code?: string;
  facts?: string;
}

async function readReport(
  pipe: Readable,
  exited: Promise<void>,
  child: { on(event: 'error', listener: (error: Error) => void): unknown },
): Promise<ReadyReport> {
  let text = '';
  return new Promise((resolve) => {
    const settle = (report: ReadyReport): void => {
      clearTimeout(timer);
      pipe.destroy();
      resolve(report);
    };
    const timer = setTimeout(
      () => settle({ ready: false, facts: `It did not get ready within ${startTakesMs} ms.` }),
      startTakesMs,
    );
    child.on('error', (error) => settle({ ready: false, facts: error.message }));
    pipe.setEncoding('utf8');
    pipe.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) settle(JSON.parse(text) as ReadyReport);
    });
    pipe.on('error', () => undefined); // the end comes as exit
    void exited.then(() =>
      settle(text.includes('\n') ? JSON.parse(text) : { ready: false, facts: 'It ended at once.' }),
    );
  });
}
