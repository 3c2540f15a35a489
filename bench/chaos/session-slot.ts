/** One folder with one session in it, all run long: whenever its session ends, the next one starts. */
import { readdirSync, readFileSync } from 'node:fs';
import { childPids } from '../../test/support/processes.ts';
import { type Pty, spawnPty } from '../../test/support/pty-tail.ts';
import { type ChaosWorld, killQuietly } from './chaos-world.ts';
import type { Profile } from './plan.ts';

/** Nobody presses Enter sooner after the last key; the real claude takes what comes in one piece for a paste. */
export const enterDelayMs = 150;

/** A folder with a session in it, whoever holds that. */
export interface Slot {
  readonly profile: Profile;
  readonly cwd: string;
  /** How often a session has been started here. */
  readonly starts: number;
  /** Pid of what runs in the terminal; undefined where there is none. */
  readonly outerPid: number | undefined;
  start(): void;
  /** Pid of the claude in it. */
  claudePid(): number | undefined;
  /** The person types one prompt, unless they are typing already. */
  prompt(text: string, draftMs?: number): Promise<void>;
  /** Processes of hooks of this slot's claude that run now; `waiting` ones or the others. */
  hookPids(waiting: boolean): number[];
  close(): void;
}

export class SessionSlot implements Slot {
  readonly profile: Profile;
  readonly cwd: string;
  starts = 0;
  readonly #stage: ChaosWorld;
  #pty: Pty | undefined;
  #closed = false;
  #personBusy = false;
  #startedAt = 0;

  constructor(stage: ChaosWorld, profile: Profile, cwd: string) {
    this.#stage = stage;
    this.profile = profile;
    this.cwd = cwd;
  }

  start(): void {
    if (this.#closed) return;
    const { supervised, version } = this.profile;
    const claude = this.#stage.claudeOf(version);
    const [file, args] = supervised ? [process.execPath, [this.#stage.claudexBin]] : [claude, []];
    const env = this.#stage.env({ CLAUDEX_CLAUDE_BIN: claude });
    const pty = spawnPty(file, args, {
      name: 'xterm-256color',
      cwd: this.cwd,
      env,
      cols: 80,
      rows: 24,
      encoding: null,
    });
    this.#pty = pty;
    this.#startedAt = Date.now();
    this.starts++;
    pty.onData(() => undefined);
    pty.onExit(() => {
      if (this.#pty === pty) this.#pty = undefined;
      // at once, as somebody would who sees their session die; slower when it dies at once
      setTimeout(() => this.start(), Date.now() - this.#startedAt < 500 ? 1000 : 20);
    });
  }

  /** Pid of what runs in the terminal: the supervisor, or a bare claude. */
  get outerPid(): number | undefined {
    return this.#pty?.pid;
  }

  claudePid(): number | undefined {
    const outer = this.outerPid;
    if (outer === undefined || !this.profile.supervised) return outer;
    const claude = this.#stage.claudeOf(this.profile.version);
    return childPids(outer).find((pid) => commandLine(pid).includes(claude));
  }

  async prompt(text: string, draftMs = 0): Promise<void> {
    if (this.#personBusy) return;
    this.#personBusy = true;
    try {
      this.#write(text);
      await new Promise((resolve) => setTimeout(resolve, Math.max(draftMs, enterDelayMs)));
      this.#write('\r');
    } finally {
      this.#personBusy = false;
    }
  }

  hookPids(waiting: boolean): number[] {
    return hooksOf(this.claudePid(), waiting);
  }

  close(): void {
    this.#closed = true;
    const claude = this.claudePid();
    if (this.outerPid !== undefined) killQuietly(this.outerPid, 'SIGKILL');
    if (claude !== undefined) killQuietly(claude, 'SIGKILL');
  }

  #write(text: string): void {
    this.#pty?.write(Buffer.from(text));
  }
}

/** Processes of hooks of that claude; `waiting` ones or the others. */
export function hooksOf(claude: number | undefined, waiting: boolean): number[] {
  if (claude === undefined) return [];
  return childPids(claude).filter((pid) => {
    const line = commandLine(pid);
    return line.includes('claudex-hook') && /wait/.test(line) === waiting;
  });
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return ''; // gone
  }
}

/** Every curl and script of a hook that is on its way for `root`'s sessions now, waiting ones left out. */
export function hooksInFlight(root: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const line = commandLine(pid);
      return line.includes(root) && line.startsWith('curl') && line.includes('/v1/hooks');
    });
}
