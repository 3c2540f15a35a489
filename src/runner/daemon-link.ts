/**
 * The supervisor's line to the daemon: registers, takes commands, comes back after the daemon has been away.
 * Claude never waits for it; without a daemon the session simply runs on alone.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DaemonClient, EventStream } from '../daemon-client/client.ts';
import { connectDaemon, daemonClient, ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../home/paths.ts';
import type { SupervisorCommand, SupervisorHello } from '../protocol/wire.ts';

/** Tries to bring a crashed daemon back this often before only waiting for somebody else to. */
const maxStarts = 3;
/** Where nothing can be watched, a daemon is looked for this often. */
const unwatchedMs = 5000;

export class DaemonLink {
  readonly #env: NodeJS.ProcessEnv;
  readonly #hello: SupervisorHello;
  readonly #onCommand: (command: SupervisorCommand, client: DaemonClient) => void;
  #stream: EventStream<SupervisorCommand> | undefined;
  #watcher: FSWatcher | undefined;
  #closed = false;
  #starts = 0;
  #mayStart = true;

  constructor(
    env: NodeJS.ProcessEnv,
    hello: SupervisorHello,
    onCommand: (command: SupervisorCommand, client: DaemonClient) => void,
  ) {
    this.#env = env;
    this.#hello = hello;
    this.#onCommand = onCommand;
  }

  /** Runs until `close`. Never throws. */
  async run(): Promise<void> {
    while (!this.#closed) {
      try {
        const client = await this.#connect();
        this.#stream = await client.supervise(this.#hello);
        this.#starts = 0;
        this.#mayStart = true;
        for await (const command of this.#stream) {
          // a stopped daemon stays stopped; a replaced one is started by its replacer
          if (command.type === 'bye') this.#mayStart = false;
          this.#onCommand(command, client);
        }
      } catch {
        // no daemon, or it went away mid-stream: handled by waiting below
      }
      this.#stream = undefined;
      if (this.#closed) return;
      if (!this.#mayStart || this.#starts >= maxStarts) await this.#daemonAppears();
      else await delay(100 * 2 ** this.#starts);
    }
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    this.#stream?.close();
  }

  async #connect(): Promise<DaemonClient> {
    if (!this.#mayStart || this.#starts >= maxStarts) return daemonClient(this.#env);
    this.#starts++;
    return ensureDaemon(this.#env);
  }

  /** Resolves when a daemon answers. Looks when something happens to its address file. */
  async #daemonAppears(): Promise<void> {
    while (!this.#closed) {
      // watched before it is asked: one may start in between
      const changed = this.#homeChanges();
      if (await connectDaemon(this.#env).catch(() => undefined)) return this.#watcher?.close();
      await changed;
      this.#watcher?.close();
    }
  }

  /** Resolves when the address file changes, or the claudex folder goes or comes back; after a while where that cannot be watched. */
  #homeChanges(): Promise<void> {
    const { home, socketAddress } = claudexPaths(this.#env);
    return this.#changeIn(home, [basename(socketAddress), basename(home)])
      .catch(async () => {
        const comesBack = this.#changeIn(dirname(home), [basename(home)]);
        await (existsSync(home) ? Promise.race([comesBack, delay(0)]) : comesBack);
      })
      .catch(() => delay(unwatchedMs));
  }

  /** Rejects when the folder is not there or cannot be watched (no inotify left). */
  async #changeIn(folder: string, names: readonly string[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || names.includes(name)) resolve();
      });
      this.#watcher.on('error', reject);
    });
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
