/**
 * How the daemon stays reachable and how it ends: its address and its socket are put back when they are removed, a lock that
 * is somebody else's ends it, signals end it, and it goes down in one order.
 */
import { chmodSync, existsSync, type FSWatcher, rmSync, watch } from 'node:fs';
import type { Server } from 'node:http';
import { basename, dirname } from 'node:path';
import { listen } from '../background/listen.ts';
import { holdsLock, releaseLock } from '../background/lock.ts';
import type { Log } from '../home/log.ts';
import type { ClaudexPaths } from '../home/paths.ts';
import { replaceFile } from '../home/replace-file.ts';
import { Signal } from '../process/signal.ts';
import type { StopReason } from './routes/daemon.ts';

/** Why it goes: told to by a client, ended by the system (SIGTERM at a logout), or needed by nobody. */
export type EndReason = StopReason | 'terminated' | 'idle';

/** After it has been told to stop, open streams get this long to end. */
const stopPatienceMs = 500;

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

  constructor(options: LifetimeOptions) {
    this.#options = options;
  }

  /** Can be reached from now on. @throws ClaudexError DAEMON_START_FAILED */
  async open(): Promise<void> {
    const { server, paths } = this.#options;
    await listen(server, paths.socket);
    this.#writeAddress();
  }

  /** Looks after its address, its socket and its lock, and hears signals, from now on. */
  watch(): void {
    const { paths, log } = this.#options;
    const watched = [paths.lock, paths.socketAddress, paths.home].map((path) => basename(path));
    const homeWatcher = watch(paths.home, (_event, name) => {
      if (name === null || !watched.includes(name)) return;
      if (!holdsLock(paths.lock)) this.#end('displaced');
      else if (!existsSync(paths.socketAddress)) this.#writeAddress();
    });
    homeWatcher.on('error', () => this.#end('displaced'));
    const socketWatcher = watch(dirname(paths.socket), (_event, name) => {
      if (name === basename(paths.socket) && !this.#isEnding && !existsSync(paths.socket)) this.#listenAnew();
    });
    this.#watchers.push(homeWatcher, socketWatcher);
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

  /** In one step: a hook that reads an empty address would be silent. */
  #writeAddress(): void {
    const { paths } = this.#options;
    replaceFile(paths.socketAddress, `${paths.socket}\n`, { flush: false });
  }

  /** The old listener serves nobody any more; its open streams live on. */
  #listenAnew(): void {
    const { server, paths, log } = this.#options;
    log('socket removed, listening anew');
    server.close();
    server.listen(paths.socket, () => chmodSync(paths.socket, 0o600));
  }
}
