/**
 * The supervisor's line to the daemon: registers, takes commands, comes back after the daemon has been away.
 * Claude never waits for it; without a daemon the session simply runs on alone.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { DaemonClient, EventStream } from '../daemon-client/client.ts';
import { connectDaemon, daemonClient, ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../home/paths.ts';
import type { SupervisorCommand, SupervisorHello } from '../protocol/wire.ts';

/** Tries to bring a crashed daemon back this often before only waiting for somebody else to. */
const maxStarts = 3;

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

  /** Resolves when a daemon has started: its address file is written then. No polling. */
  #daemonAppears(): Promise<void> {
    return new Promise((resolve) => {
      try {
        this.#watcher = watch(claudexPaths(this.#env).home, (_event, name) => {
          if (name !== null && name !== 'daemon.addr') return;
          this.#watcher?.close();
          resolve();
        });
        this.#watcher.unref();
        this.#watcher.on('error', () => undefined);
        // one may have started before we watched
        void connectDaemon(this.#env)
          .then((client) => client && resolve())
          .catch(() => undefined);
      } catch {
        // the home is gone: nobody can come back there; this promise then stays open, which is meant
      }
    });
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
