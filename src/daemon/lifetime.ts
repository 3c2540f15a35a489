/**
 * How the daemon stays reachable and how it ends: its address and its socket are put back when they are removed, a lock that
 * is somebody else's ends it, signals end it, and it goes down in one order.
 */
import { existsSync, type FSWatcher, rmSync, watch } from 'node:fs';
import type { Server } from 'node:http';
import { basename, dirname } from 'node:path';
import { listen, listenOn } from '../background/listen.ts';
import { holdsLock, releaseLock } from '../background/lock.ts';
import type { Log } from '../home/log.ts';
import type { ClaudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { replaceFile } from '../home/replace-file.ts';
import { guarded, reportOnce } from '../process/guard.ts';
import { Signal } from '../process/signal.ts';
import type { StopReason } from './routes/daemon.ts';

/** Why it goes: told to by a client, ended by the system (SIGTERM at a logout), or needed by nobody. */
export type EndReason = StopReason | 'terminated' | 'idle';

/** After it has been told to stop, open streams get this long to end. */
const stopPatienceMs = 500;

/** Lock and socket are looked at this often where they cannot be watched. */
const lookMs = 2000;

export interface LifetimeOptions {
  paths: ClaudexPaths;
  server: Server;
  log: Log;
}

export class Lifetime {
  /** It is to stop; `ending` follows. */
  readonly stopping = new Signal<EndReason>();
  /** It goes down: parts close. The value says whether this home is still ours; if not, another daemon has its files. */
  readonly ending = new Signal<{ homeIsOurs: boolean }>();
  /** Its files are gone and so is its lock; its connections are about to be cut. */
  readonly ended = new Signal<void>();
  readonly #options: LifetimeOptions;
  readonly #watchers: FSWatcher[] = [];
  #isEnding = false;
  #isWatching = false;
  #isListeningAnew = false;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(options: LifetimeOptions) {
    this.#options = options;
  }

  /** Can be reached from now on. @throws ClaudexError DAEMON_START_FAILED */
  async open(): Promise<void> {
    const { server, paths, log } = this.#options;
    await listen(server, paths.socket);
    // no descriptor left to accept with: those who are connected go on
    server.on('error', (error) => log('socket error', { error: String(error) }));
    try {
      this.#writeAddress();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** It has not come up after all: nobody can reach it any more. */
  abandon(): void {
    this.#end('not started');
  }

  /** Looks after its address, its socket and its lock, and hears signals, from now on. */
  watch(): void {
    const { paths, log } = this.#options;
    this.#watchFolders();
    // where nothing can be watched, or the socket stands in a folder that others clean up
    if (!this.#isWatching || dirname(paths.socket) !== paths.home) {
      this.#lookTimer = setInterval(() => this.#look(), lookMs);
      this.#lookTimer.unref();
    }
    process.once('SIGTERM', () => this.stop('terminated'));
    process.once('SIGINT', () => this.stop('terminated'));
    process.on('SIGHUP', () => log('hangup ignored'));
    process.on('uncaughtException', (error) => {
      log('uncaught exception', { error: error.stack ?? error.message });
      this.#end('crashed');
      process.exit(1);
    });
  }

  /** Says good-bye, goes down, and leaves. */
  stop(reason: EndReason): void {
    this.stopping.emit(reason);
    this.#end(reason);
    setTimeout(() => process.exit(0), stopPatienceMs).unref();
  }

  #end(reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { paths, server, log } = this.#options;
    log('daemon stops', { reason });
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#lookTimer);
    server.close();
    server.closeIdleConnections();
    const homeIsOurs = holdsLock(paths.lock);
    this.ending.emit({ homeIsOurs });
    if (homeIsOurs) {
      rmSync(paths.socketAddress, { force: true });
      rmSync(paths.socket, { force: true });
      releaseLock(paths.lock);
    }
    this.ended.emit();
    setImmediate(() => server.closeAllConnections());
  }

  #watchFolders(): void {
    const { paths } = this.#options;
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    const own = [paths.lock, paths.socketAddress, paths.home, paths.socket].map((path) => basename(path));
    try {
      for (const folder of new Set([paths.home, dirname(paths.socket)])) {
        const watcher = watch(folder, (_event, name) => {
          if (name === null || name === basename(folder) || own.includes(name)) this.#look();
        });
        watcher.on('error', () => this.#look());
        this.#watchers.push(watcher);
      }
      this.#isWatching = true;
    } catch (error) {
      // no inotify left (ENOSPC, EMFILE)
      this.#isWatching = false;
      reportOnce('the claudex folder cannot be watched, so it is looked at', error);
    }
  }

  #look(): void {
    if (this.#isEnding) return;
    const { paths } = this.#options;
    guarded('look at lock and socket', () => {
      if (!holdsLock(paths.lock)) this.#end('displaced');
      else if (!existsSync(paths.socket)) void this.#listenAnew();
      else if (!existsSync(paths.socketAddress)) this.#writeAddress();
    });
  }

  /** In one step: a hook that reads an empty address would be silent. */
  #writeAddress(): void {
    const { paths } = this.#options;
    replaceFile(paths.socketAddress, `${paths.socket}\n`, { flush: false });
  }

  /** The old listener serves nobody any more; its open streams live on. Where it cannot be done, the next daemon does it. */
  async #listenAnew(): Promise<void> {
    if (this.#isListeningAnew) return;
    this.#isListeningAnew = true;
    const { server, paths, log } = this.#options;
    log('socket removed, listening anew');
    try {
      ensurePrivateDir(dirname(paths.socket));
      server.close();
      await listenOn(server, paths.socket);
      if (!existsSync(paths.socketAddress)) this.#writeAddress();
      this.#watchFolders();
    } catch (error) {
      log('cannot listen anew', { error: String(error) });
      this.stop('terminated');
    } finally {
      this.#isListeningAnew = false;
    }
  }
}
