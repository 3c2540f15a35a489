/** One folder with one managed session in it, all run long: a person resumes it whenever it has ended for good. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hostPaths } from '../../src/home/paths.ts';
import { connectHost } from '../../src/host-client/host-connection.ts';
import { frame, frameKinds } from '../../src/protocol/frames.ts';
import type { HostFile } from '../../src/protocol/host-files.ts';
import type { ManagedRecord } from '../../src/protocol/managed.ts';
import { isAlive } from '../../test/support/processes.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Profile } from './plan.ts';
import { enterDelayMs, hooksOf, type Slot } from './session-slot.ts';

const lookEveryMs = 200;
/** It sleeps when it has been left alone for so long. */
const idleTimeoutMs = 1000;
/** A person waits this long for it to come up. */
const comesUpMs = 10_000;

export class ManagedSlot implements Slot {
  readonly profile: Profile;
  readonly cwd: string;
  readonly outerPid = undefined;
  starts = 0;
  /** Ours of the session; undefined until it has been started. */
  id: string | undefined;
  readonly #stage: ChaosWorld;
  readonly #claudes = new Set<number>();
  #closed = false;
  #personBusy = false;

  constructor(stage: ChaosWorld, profile: Profile, cwd: string) {
    this.#stage = stage;
    this.profile = profile;
    this.cwd = cwd;
  }

  start(): void {
    void this.#keepUp();
  }

  hostPid(): number | undefined {
    const pid = this.#hostFile()?.host.pid;
    return pid !== undefined && isAlive(pid) ? pid : undefined;
  }

  claudePid(): number | undefined {
    const pid = this.#hostFile()?.claude.pid;
    return pid !== undefined && isAlive(pid) ? pid : undefined;
  }

  /** Where viewers connect. */
  get socketPath(): string {
    return hostPaths(this.id ?? 'none', this.#stage.env()).socket;
  }

  async record(): Promise<ManagedRecord | undefined> {
    const all = await this.#stage.client.managed().catch(() => []);
    return all.find((one) => one.cwd === this.cwd);
  }

  /** Attaches, types, and leaves; one that sleeps is resumed for it. */
  async prompt(text: string, draftMs = 0): Promise<void> {
    if (this.#personBusy) return;
    this.#personBusy = true;
    try {
      if (!(await this.#isUp())) return;
      const viewer = await connectHost(this.socketPath, {
        kind: 'terminal',
        readOnly: false,
        size: { cols: 80, rows: 24 },
      });
      viewer.on('error', () => undefined).resume(); // its host may be killed
      viewer.write(frame(frameKinds.input, text));
      await delay(Math.max(draftMs, enterDelayMs));
      viewer.end(frame(frameKinds.input, '\r'));
    } catch {
      // its host has gone in the middle of it: the person comes again
    } finally {
      this.#personBusy = false;
    }
  }

  hookPids(waiting: boolean): number[] {
    return hooksOf(this.claudePid(), waiting);
  }

  /** Nobody resumes it any more. */
  close(): void {
    this.#closed = true;
  }

  async #keepUp(): Promise<void> {
    while (!this.#closed) {
      const claude = this.claudePid();
      if (claude !== undefined && !this.#claudes.has(claude)) {
        this.#claudes.add(claude);
        this.starts++;
      }
      try {
        const one = (await this.#stage.client.managed()).find(({ cwd }) => cwd === this.cwd);
        this.id = one?.id ?? this.id;
        if (this.#closed) return;
        if (!one) await this.#begin();
        else if (['crashed', 'stopped', 'ended'].includes(one.state)) {
          await this.#stage.client.changeManaged(one.id, 'resume');
        }
      } catch {
        // no daemon, a full disk, a package that is away: tried again
      }
      await delay(lookEveryMs);
    }
  }

  async #begin(): Promise<void> {
    const claude = this.#stage.claudeOf(this.profile.version);
    await this.#stage.client.startManaged({
      cwd: this.cwd,
      args: [],
      env: this.#stage.env({ CLAUDEX_CLAUDE_BIN: claude }),
      claudeSessionId: null,
      keepWarm: false,
      idleTimeoutMs,
      restart: 'crash',
    });
  }

  /** Resolves when it shows its prompt box, or somebody has waited long enough. */
  async #isUp(): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < comesUpMs; waitedMs += lookEveryMs) {
      const one = await this.record();
      if (one?.state === 'running') return true;
      if (one?.state === 'sleeping') await this.#stage.client.changeManaged(one.id, 'resume').catch(() => undefined);
      await delay(lookEveryMs);
    }
    return false;
  }

  #hostFile(): HostFile | undefined {
    try {
      return JSON.parse(readFileSync(hostPaths(this.id ?? 'none', this.#stage.env()).file, 'utf8')) as HostFile;
    } catch {
      return undefined; // it does not run
    }
  }
}
