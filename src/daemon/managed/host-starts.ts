/**
 * Starts hosts: when somebody asks for it, and after a crash, its pause being over. A session is started once at a time. What
 * follows on a start that fails is lifecycle.ts's to say.
 */
import { existsSync } from 'node:fs';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { lives } from '../../process/identity.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedExit } from '../../protocol/managed.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { HostProcesses } from './host-processes.ts';
import { afterFailedStart, crashWindowMs, type NextState } from './lifecycle.ts';
import { isUp, type ManagedStore } from './managed-store.ts';

export interface HostStartsOptions {
  store: ManagedStore;
  hosts: HostProcesses;
  table: SessionTable;
  clock: Clock;
  log: Log;
  /** A host is there, with its claude. */
  up: (file: HostFile) => void;
  /** A host that was up has ended. */
  down: (id: string) => void;
}

export class HostStarts {
  readonly #options: HostStartsOptions;
  /** Starts that follow on a crash, after its pause. */
  readonly #pausing = new Map<string, NodeJS.Timeout>();
  /** Of these nobody can say yet whether they run: a host comes up, or a claude without one goes. */
  readonly #unsettled = new Set<string>();

  constructor(options: HostStartsOptions) {
    this.#options = options;
  }

  /** @throws ClaudexError HOST_START_FAILED */
  async start(id: string): Promise<void> {
    const { store, hosts, up, down } = this.#options;
    const one = store.known(id);
    if (!existsSync(one.cwd)) throw new ClaudexError('HOST_START_FAILED', `The folder ${one.cwd} is gone.`);
    const ended = (): void => guarded('managed session', () => down(id));
    const file = await this.whileUnsettled(id, () => hosts.start(one, ended));
    up(file);
    // it may have ended before anybody listened
    if (!hosts.isAlive(file)) ended();
  }

  /**
   * As `start`, of one that has run before. With `insists` a start that fails is followed by the next, as a crash is.
   * @throws ClaudexError CONVERSATION_OPEN, HOST_START_FAILED
   */
  async startAgain(id: string, reason: string, { insists = false } = {}): Promise<void> {
    const { store, log } = this.#options;
    const { claudeSessionId } = store.known(id);
    try {
      if (claudeSessionId !== null) this.refuseOpen(claudeSessionId);
      store.move(id, 'starting', { asked: null });
      log('managed session starts', { id, reason });
      await this.start(id);
    } catch (error) {
      this.#failed(id, error, insists);
      throw error;
    }
  }

  /** One conversation, one process; one that has just ended may still be in the table. @throws ClaudexError CONVERSATION_OPEN */
  refuseOpen(claudeSessionId: string): void {
    const holder = this.#options.table.all().find((one) => one.claudeSessionId === claudeSessionId && lives(one));
    if (holder) throw new ClaudexError('CONVERSATION_OPEN', `Session ${holder.id} (${holder.cwd}) has it.`);
  }

  /** Its record becomes that, and the next start follows, where one is to. */
  goOn(id: string, next: NextState, { exit, isCrash }: { exit: ManagedExit; isCrash: boolean }): void {
    const { store } = this.#options;
    const recent = store.known(id).restarts.filter((at) => exit.at - at < crashWindowMs);
    store.move(id, next.state, { exit, asked: null, restarts: isCrash ? [...recent, exit.at] : recent });
    if (next.startInMs !== undefined) this.#startIn(id, next.startInMs, next.reason);
  }

  /** Meanwhile nobody can say whether it runs. */
  async whileUnsettled<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#unsettled.add(id);
    try {
      return await work();
    } finally {
      this.#unsettled.delete(id);
    }
  }

  isUnsettled(id: string): boolean {
    return this.#unsettled.has(id);
  }

  /** Is a start to follow on a crash, after its pause? */
  isPausing(id: string): boolean {
    return this.#pausing.has(id);
  }

  /** @returns true when a start was to follow on a crash, and does not now */
  cancel(id: string): boolean {
    clearTimeout(this.#pausing.get(id));
    return this.#pausing.delete(id);
  }

  close(): void {
    for (const timer of this.#pausing.values()) clearTimeout(timer);
  }

  #failed(id: string, error: unknown, insists: boolean): void {
    const { store, clock } = this.#options;
    const one = store.get(id);
    // it was not begun: what it was it still is
    if (!one || !isUp(one)) return;
    const said = reasonIn(error);
    const at = clock.timeOfDay();
    const next: NextState = insists ? afterFailedStart(one, said, at) : { state: 'crashed', reason: said };
    this.goOn(id, next, { exit: { code: null, signal: null, reason: next.reason, at }, isCrash: insists });
  }

  #startIn(id: string, startInMs: number, reason: string): void {
    const start = (): void => {
      this.#pausing.delete(id);
      this.startAgain(id, reason, { insists: true }).catch((error: unknown) => {
        this.#options.log('managed session not started again', { id, error: String(error) });
      });
    };
    this.#pausing.set(id, setTimeout(start, startInMs));
  }
}

/** As a reason stands behind a colon: without the sentence that every failed start has, and without its full stop. */
function reasonIn(error: unknown): string {
  if (!(error instanceof ClaudexError)) return String(error);
  const facts = error.code === 'HOST_START_FAILED' ? error.facts : '';
  return (facts || error.message).replace(/\.$/, '');
}
