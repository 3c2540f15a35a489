/** A server and machines, each a claudex home of its own with one managed session, on lines that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type NatsConnection, nkeyAuthenticator, connect as toNats } from '@nats-io/transport-node';
import { DaemonClient } from '../../../src/daemon-client/client.ts';
import { claudexPaths } from '../../../src/home/paths.ts';
import { claudexBin, repositoryRoot } from '../../../test/support/claudex-bin.ts';
import { createHermeticHome, type HermeticHome } from '../../../test/support/hermetic-home.ts';
import { freePort, invite, joinWith, natsServer } from '../../../test/support/mesh.ts';
import { processesWithEnvironment } from '../../../test/support/processes.ts';
import { run } from '../../../test/support/run-command.ts';
import { standIn } from '../../../test/support/stand-in.ts';
import { until } from '../../../test/support/until.ts';
import { fillDisk, mountDisk, removed, unmountDisk } from '../small-disk.ts';
import { type CuttableLine, cuttableLine } from './cuttable-line.ts';

const preloads = ['clock-skew.mjs', 'broken-system.mjs', 'machines/hand-over-steps.mjs']
  .map((name) => `--import=file://${join(repositoryRoot, 'bench', 'chaos', name)}`)
  .join(' ');

export interface Machine {
  name: string;
  home: HermeticHome;
  line: CuttableLine;
  client: DaemonClient;
  env: Record<string, string>;
}

export class MeshStage {
  readonly machines: Machine[] = [];
  readonly hub = createHermeticHome();
  /** Each home, and the server's, is on a small disk of its own that can be full. */
  hasDisks = false;
  port = 0;
  #server: ChildProcess | undefined;

  async build(names: readonly string[]): Promise<void> {
    if (natsServer === undefined) throw new Error('nats-server is not installed: apt-get install nats-server');
    this.port = await freePort();
    this.hasDisks = ownDisk(this.hub);
    await this.startServer();
    for (const name of names) {
      const home = createHermeticHome({ cwdNames: [name] });
      ownDisk(home);
      const line = await cuttableLine(this.port);
      mkdirSync(join(home.root, 'broken'));
      const env = {
        ...home.env(),
        CLAUDEX_CLAUDE_BIN: standIn(home.root, { version: '2.1.330' }),
        NODE_OPTIONS: preloads,
        CHAOS_CLOCK: join(home.root, 'clock'),
        CHAOS_BREAK: join(home.root, 'broken'),
        CHAOS_DIE_AT: join(home.root, 'die-at'),
      };
      const seed = await invite(this.hub, name);
      const joinHome = { ...home, env: () => env };
      const joined = await joinWith(joinHome, `nats://127.0.0.1:${line.port}`, name, seed);
      if (joined.code !== 0) throw new Error(joined.stderr);
      const started = await run(process.execPath, [claudexBin, 'start', home.dir(name), '--name', 'work'], { env });
      if (started.code !== 0) throw new Error(started.stderr);
      this.machines.push({ name, home, line, env, client: new DaemonClient(claudexPaths(env).socket) });
    }
    for (const one of this.machines) await until(() => this.#seesAll(one));
  }

  /** Tries until it runs: a machine under load may take longer than the command waits. */
  async startServer(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#startServer();
      } catch (error) {
        if (tries === 10) throw error;
      }
    }
  }

  async #startServer(): Promise<void> {
    const child = spawn(process.execPath, [claudexBin, 'mesh', 'up', '--port', `${this.port}`, '--as', 'hub'], {
      env: this.hub.env(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#server = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout!.setEncoding('utf8').on('data', (text: string) => /Ctrl-C/.test(text) && resolve());
      child.once('exit', (code) => reject(new Error(`claudex mesh up ended with ${code}`)));
    });
  }

  /** Kills the server where it stands. @param wipe its store is gone after that */
  async killServer({ wipe = false } = {}): Promise<void> {
    const folder = join(this.hub.claudexHome, 'mesh', 'server');
    const { pid } = JSON.parse(readFileSync(join(folder, 'process.json'), 'utf8'));
    const command = this.#server!;
    // on a full disk it may have ended by itself
    if (command.exitCode === null) {
      const ended = new Promise((resolve) => command.once('exit', resolve));
      signalTo(pid, 'SIGKILL');
      await ended;
    }
    if (wipe) rmSync(join(folder, 'store'), { recursive: true, force: true });
  }

  /** As who may do everything with the mailboxes. */
  async owner(): Promise<NatsConnection> {
    const { mailOwner } = JSON.parse(readFileSync(join(this.hub.claudexHome, 'mesh', 'server', 'server.json'), 'utf8'));
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(mailOwner));
    return toNats({ servers: `nats://127.0.0.1:${this.port}`, authenticator, maxReconnectAttempts: -1 });
  }

  /** Of the daemon or the bridge; undefined while there is none. */
  pidOf({ home }: Machine, what: 'daemon' | 'bridge'): number | undefined {
    try {
      const path = what === 'daemon' ? 'daemon.lock' : join('mesh', 'bridge.lock');
      return JSON.parse(readFileSync(join(home.claudexHome, path), 'utf8')).pid;
    } catch {
      return undefined;
    }
  }

  /** All of its processes stop, or go on. */
  freeze({ home }: Machine, signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const pid of processesWithEnvironment([`CLAUDEX_HOME=${home.claudexHome}`])) signalTo(pid, signal);
  }

  setClock({ env }: Machine, byMs: number): void {
    writeFileSync(env.CHAOS_CLOCK!, String(byMs));
  }

  /** Fills the disk of a machine, or the server's. @returns the end of it */
  fill({ claudexHome }: HermeticHome): () => void {
    const heal = fillDisk(claudexHome);
    return () => void heal();
  }

  /** The daemon's journal takes half of each line. @returns the end of it */
  tearJournal({ env }: Machine): () => void {
    const path = join(env.CHAOS_BREAK!, 'cut');
    writeFileSync(path, '');
    return () => void removed(path);
  }

  /** The daemon or bridge that comes to that step first is killed there. @returns false when none has in that time */
  async killAt({ env }: Machine, step: string, withinMs: number): Promise<boolean> {
    const path = env.CHAOS_DIE_AT!;
    writeFileSync(`${path}.new`, step);
    renameSync(`${path}.new`, path);
    for (const since = performance.now(); performance.now() - since < withinMs; await delay(20))
      if (!existsSync(path)) return true;
    rmSync(path, { force: true });
    return false;
  }

  async ensureDaemon({ env }: Machine): Promise<void> {
    await run(process.execPath, [claudexBin, 'daemon', 'start'], { env });
  }

  async dispose(): Promise<void> {
    for (const machine of this.machines) {
      this.freeze(machine, 'SIGCONT');
      await run(process.execPath, [claudexBin, 'stop', 'work', '--now'], { env: machine.env });
      machine.line.close();
      await this.#remove(machine.home);
    }
    this.#server?.kill('SIGTERM');
    await this.#remove(this.hub);
  }

  async #remove(home: HermeticHome): Promise<void> {
    await run(process.execPath, [claudexBin, 'daemon', 'stop'], { env: home.env() });
    if (this.hasDisks) unmountDisk(home.claudexHome);
    await home.dispose();
  }

  #seesAll({ home }: Machine): boolean {
    const { machines } = JSON.parse(readFileSync(join(home.claudexHome, 'mesh', 'seen.json'), 'utf8'));
    const others = machines.filter((one: { name: string; away: boolean }) => one.name !== 'hub' && !one.away);
    return others.length === this.machines.length - 1;
  }
}

function ownDisk({ claudexHome }: HermeticHome): boolean {
  mkdirSync(claudexHome, { recursive: true, mode: 0o700 });
  const isMounted = mountDisk(claudexHome);
  chmodSync(claudexHome, 0o700);
  return isMounted;
}

export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone
  }
}
