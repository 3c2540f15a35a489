/** Where a run takes place: a home of its own (CLAUDEX_HOME on a small tmpfs where that is allowed), its daemon, its clock. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DaemonClient } from '../../src/daemon-client/client.ts';
import { claudexPaths } from '../../src/home/paths.ts';
import { repositoryRoot } from '../../test/support/claudex-bin.ts';
import { createHermeticHome, type HermeticHome } from '../../test/support/hermetic-home.ts';
import { isAlive, processesWithEnvironment } from '../../test/support/processes.ts';
import { run } from '../../test/support/run-command.ts';
import { standIn } from '../../test/support/stand-in.ts';
import { copyPackage } from './copy-package.ts';
import { fillDisk, mountDisk, tryRun, unmountDisk } from './small-disk.ts';

/** The real claude, and the stand-in for the Messages API that it is to talk to. */
export interface RealClaude {
  path: string;
  url: string;
}

const chaosFile = (name: string): string => join(repositoryRoot, 'bench', 'chaos', name);

export class ChaosWorld {
  readonly home: HermeticHome;
  readonly client: DaemonClient;
  /** True when CLAUDEX_HOME is a file system of its own, which can be filled up. */
  readonly hasOwnDisk: boolean;
  /** Daemons that did not come up when asked, by what they said. */
  readonly startFailures = new Map<string, number>();
  readonly #real: RealClaude | undefined;
  readonly #clock: string;
  /** What is broken of the system, a file each (broken-system.mjs). */
  readonly #broken: string;
  /** Our package: a copy, which can be removed. */
  readonly #package: string;
  #starting: Promise<void> | undefined;

  constructor(folders: string[], real?: RealClaude) {
    this.#real = real;
    this.home = createHermeticHome({ cwdNames: folders });
    mkdirSync(this.home.claudexHome, { recursive: true });
    this.#clock = join(this.home.root, 'clock');
    this.#broken = join(this.home.root, 'broken');
    mkdirSync(this.#broken);
    this.#package = join(this.home.root, 'package');
    copyPackage(this.#package);
    this.hasOwnDisk = mountDisk(this.home.claudexHome);
    chmodSync(this.home.claudexHome, 0o700);
    this.client = new DaemonClient(claudexPaths(this.env()).socket);
  }

  env(extra: Record<string, string> = {}): Record<string, string> {
    return this.home.env(this.#real, {
      CLAUDEX_CLAUDE_BIN: this.claudeOf(),
      // a lost proof is given up after this long; the setting's own 30 s would only make the run wait
      CLAUDEX_LEASE_MS: this.#real ? '10000' : '4000',
      NODE_OPTIONS: ['clock-skew.mjs', 'broken-system.mjs']
        .map((name) => `--import=file://${chaosFile(name)}`)
        .join(' '),
      CHAOS_CLOCK: this.#clock,
      CHAOS_BREAK: this.#broken,
      ...extra,
    });
  }

  /** `claudex` of the package that may be removed. */
  get claudexBin(): string {
    return join(this.#package, 'bin', 'claudex.js');
  }

  /** The executable of claude: the real one, or the stand-in as that release. */
  claudeOf(version = '2.1.197'): string {
    if (this.#real) return this.#real.path;
    const name = `stand-in-${version}`;
    const path = join(this.home.root, name);
    // as claude does it: what hooks of the end take longer is cut off
    const scenario = { version, turns: [{ says: 'OK' }], endHooksMs: 1500 };
    return existsSync(path) ? path : standIn(this.home.root, scenario, name);
  }

  /** Is that the command line of a claude of this run? */
  isClaude(commandLine: string): boolean {
    const words = commandLine.split(' ');
    if (this.#real) return words[0] === this.#real.path;
    return words.some((word) => word.startsWith(join(this.home.root, 'stand-in-')) && word.endsWith('.json'));
  }

  /** Pid of the daemon that holds the lock; undefined when none lives. */
  daemonPid(): number | undefined {
    try {
      const { pid } = JSON.parse(readFileSync(claudexPaths(this.env()).lock, 'utf8')) as { pid: number };
      return isAlive(pid) ? pid : undefined;
    } catch {
      return undefined; // no lock, or one being written
    }
  }

  /** `claudex daemon start`, once at a time however many ask. Never throws: a disk may be full just then. */
  startDaemon(): Promise<void> {
    this.#starting ??= this.startDaemonNow().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async startDaemonNow(): Promise<void> {
    const result = await run(process.execPath, [this.claudexBin, 'daemon', 'start'], {
      env: this.env(),
      timeoutMs: 30_000,
    });
    if (result.code === 0) return;
    const why = result.stderr.trim().split('\n').slice(0, 2).join(' ').slice(0, 200);
    this.startFailures.set(why, (this.startFailures.get(why) ?? 0) + 1);
  }

  /** As the journal has them: the time of day has been set meanwhile. */
  inOrderOfAcceptance<T extends { id: string }>(messages: readonly T[]): T[] {
    const journal = readFileSync(claudexPaths(this.env()).journal, 'utf8');
    const accepted = journal.matchAll(/^\{"t":"accept",.*?"message":\{"id":"(\w+)"/gm);
    const order = new Map([...accepted].map(([, id], index) => [id, index]));
    return messages.toSorted((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
  }

  setClock(offsetMs: number): void {
    writeFileSync(this.#clock, String(offsetMs));
  }

  /** Takes all that is left of the disk. Returns the end of it, which a read-only disk puts off. */
  fillDisk(): () => boolean {
    return fillDisk(this.home.claudexHome);
  }

  /** Makes the disk read-only. Returns the end of it; undefined while somebody has a file open for writing. */
  lockDisk(): (() => void) | undefined {
    const remount = (mode: 'ro' | 'rw'): boolean => tryRun('mount', ['-o', `remount,${mode}`, this.home.claudexHome]);
    return remount('ro') ? () => void remount('rw') : undefined;
  }

  /** The daemon that runs now can write to no file, while its sockets work (RLIMIT_FSIZE). Returns the end of it. */
  forbidWrites(): (() => void) | undefined {
    const pid = this.daemonPid();
    const limit = (softBytes: string): boolean =>
      tryRun('prlimit', ['--pid', String(pid), `--fsize=${softBytes}:unlimited`]);
    return pid !== undefined && limit('0') ? () => void limit('unlimited') : undefined;
  }

  /** Breaks a part of the system (broken-system.mjs). Returns the end of it. */
  break(what: 'inotify' | 'transcripts' | 'cut'): () => void {
    writeFileSync(join(this.#broken, what), '');
    return () => rmSync(join(this.#broken, what), { force: true });
  }

  /** Takes our package away, as an upgrade does for a moment. Returns the end of it; undefined when it is away already. */
  removePackage(): (() => void) | undefined {
    const away = `${this.#package}.away`;
    if (!existsSync(this.#package)) return undefined;
    renameSync(this.#package, away);
    return () => renameSync(away, this.#package);
  }

  /** Nobody listens any more on the inbox socket of that claude. Returns the end of it; undefined where there is none. */
  killInboxSocket(claudePid: number): (() => void) | undefined {
    const path = this.#inboxSocketOf(claudePid);
    if (path === undefined || !existsSync(path)) return undefined;
    renameSync(path, `${path}.away`);
    writeFileSync(path, '');
    return () => {
      // claude may have ended meanwhile and taken its socket along
      if (existsSync(`${path}.away`)) renameSync(`${path}.away`, path);
    };
  }

  #inboxSocketOf(claudePid: number): string | undefined {
    const file = join(this.home.home, '.claude', 'sessions', `${claudePid}.json`);
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { messagingSocketPath?: string }).messagingSocketPath;
    } catch {
      return undefined; // it has ended, or writes it just now
    }
  }

  /** Journal, logs and transcripts, for a post-mortem. */
  keepEvidence(): string {
    const kept = `/tmp/chaos-evidence-${process.pid}`;
    cpSync(this.home.claudexHome, join(kept, 'claudex'), {
      recursive: true,
      filter: (path) => !path.endsWith('.sock'),
    });
    cpSync(join(this.home.home, '.claude', 'projects'), join(kept, 'projects'), { recursive: true });
    return kept;
  }

  /** Ends every process that carries this home in its environment, by pid, then removes the home. */
  async dispose(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const left = processesWithEnvironment([this.home.root]);
      if (left.length === 0) break;
      for (const pid of left) killQuietly(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (this.hasOwnDisk) unmountDisk(this.home.claudexHome);
    await this.home.dispose();
  }
}

export function killQuietly(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // it was faster
  }
}
