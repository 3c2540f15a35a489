/**
 * Holds managed sessions in hosts: starts one, notices its end, and does what lifecycle.ts says of that. Which sessions there
 * should be is managed-sessions.ts's to say.
 */
import { existsSync } from 'node:fs';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { lives } from '../../process/identity.ts';
import { Signal } from '../../process/signal.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedExit } from '../../protocol/managed.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { HostProcesses } from './host-processes.ts';
import type { IdleWatch } from './idle-watch.ts';
import { afterAbsence, afterEnd, type ClaudeEnd, crashWindowMs, isBySystem, type NextState } from './lifecycle.ts';
import { isUp, type ManagedStore } from './managed-store.ts';

/** How soon the end of a host that this daemon did not start, and the end of an idle time, are noticed. */
const lookEveryMs = 1500;
/** A system that goes down ends all of us within this time. */
const goesDownWithinMs = 10_000;

export interface HostKeeperOptions {
  store: ManagedStore;
  hosts: HostProcesses;
  table: SessionTable;
  idle: IdleWatch;
  clock: Clock;
  log: Log;
}

export class HostKeeper {
  /** The session of that id has gone to sleep. */
  readonly slept = new Signal<string>();
  /** A host has ended, and the claude of that pid with it: whoever lists it hears of that before its record changes. */
  readonly claudeGone = new Signal<number>();
  readonly #options: HostKeeperOptions;
  /** Starts that follow on a crash, after its pause. */
  readonly #restarts = new Map<string, NodeJS.Timeout>();
  #look: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HostKeeperOptions) {
    this.#options = options;
  }

  /** What the last daemon left: who still runs is known again, for the others it is decided now what follows. */
  restore(): void {
    const { hosts, store } = this.#options;
    for (const { id } of store.running()) {
      const file = hosts.read(id);
      if (file && hosts.isAlive(file)) this.#follow(file);
      else this.#hostEnded(id, afterAbsence);
    }
  }

  /**
   * The system ends this daemon. What it has ended by a signal a moment before was ended for the same reason: the next daemon brings it back.
   * What ends from now on is left as it is, for that one to find.
   */
  systemGoesDown(): void {
    const { store, clock } = this.#options;
    const since = clock.timeOfDay() - goesDownWithinMs;
    for (const { id, state, exit } of store.all()) {
      if (state === 'ended' && exit && exit.at >= since && isBySystem(exit)) store.move(id, 'running', { exit: null });
    }
    this.close();
  }

  /** Starts its host. @throws ClaudexError HOST_START_FAILED */
  async start(id: string): Promise<void> {
    const { store, hosts } = this.#options;
    const one = store.known(id);
    if (!existsSync(one.cwd)) throw new ClaudexError('HOST_START_FAILED', `The folder ${one.cwd} is gone.`);
    this.#follow(await hosts.start(one, () => this.#hostEnded(id)));
  }

  /** A host that nobody here has started has it. @throws ClaudexError HOST_UNREACHABLE */
  adopt(id: string): void {
    const file = this.#options.hosts.read(id);
    if (!file || !this.#options.hosts.isAlive(file)) throw new ClaudexError('HOST_UNREACHABLE', 'It is not there.');
    this.#follow(file);
    this.#options.log('managed session adopted', { id });
  }

  /** As `start`, of one that has run before. @throws ClaudexError CONVERSATION_OPEN, HOST_START_FAILED */
  async startAgain(id: string, reason: string): Promise<void> {
    const { store, log, clock } = this.#options;
    const { claudeSessionId } = store.known(id);
    if (claudeSessionId !== null) this.refuseOpen(claudeSessionId);
    store.move(id, 'starting', { asked: null });
    log('managed session starts', { id, reason });
    try {
      await this.start(id);
    } catch (error) {
      const said = error instanceof ClaudexError ? error.message : String(error);
      store.move(id, 'crashed', { exit: { code: null, signal: null, reason: said, at: clock.timeOfDay() } });
      throw error;
    }
  }

  /** Asks its claude to end, or ends it; what follows depends on `asked` in its record. */
  end(id: string, how: 'ask' | 'kill'): void {
    const { hosts } = this.#options;
    const file = hosts.read(id);
    if (file && hosts.isAlive(file)) hosts.end(file, how);
    else this.#hostEnded(id);
  }

  sleep(id: string): void {
    const { store } = this.#options;
    if (store.known(id).asked !== null) return;
    store.update(id, { asked: 'sleep' });
    this.end(id, 'ask');
  }

  /** @returns true when a start was to follow on a crash, and does not now */
  cancelRestart(id: string): boolean {
    clearTimeout(this.#restarts.get(id));
    return this.#restarts.delete(id);
  }

  /** Takes away all that is kept of it. */
  forget(id: string): void {
    this.#options.store.remove(id);
    this.#options.hosts.forget(id);
  }

  /** One conversation, one process; one that has just ended may still be in the table. @throws ClaudexError CONVERSATION_OPEN */
  refuseOpen(claudeSessionId: string): void {
    const holder = this.#options.table.all().find((one) => one.claudeSessionId === claudeSessionId && lives(one));
    if (holder) throw new ClaudexError('CONVERSATION_OPEN', `Session ${holder.id} (${holder.cwd}) has it.`);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#look);
    for (const timer of this.#restarts.values()) clearTimeout(timer);
  }

  #follow(file: HostFile): void {
    this.#options.table.expect(file.claude.pid, file.id);
    this.#options.store.update(file.id, { host: file.host });
    this.#look ??= setInterval(() => this.#lookAround(), lookEveryMs);
  }

  /** One slow timer, and only while one runs. */
  #lookAround(): void {
    const { hosts, idle, store } = this.#options;
    const up = store.running();
    idle.ticked();
    if (up.length === 0) {
      clearInterval(this.#look);
      this.#look = undefined;
    }
    for (const { id, keepWarm, idleTimeoutMs } of up) {
      const file = hosts.read(id);
      if (file && !hosts.isAlive(file)) {
        this.#hostEnded(id);
        continue;
      }
      idle.note(id);
      const idleForMs = idle.idleForMs(id);
      if (!keepWarm && idleForMs !== null && idleForMs >= idleTimeoutMs) this.sleep(id);
    }
  }

  /** Its host is gone, and claude with it: what follows is decided by how claude ended. */
  #hostEnded(id: string, decide = afterEnd): void {
    const { hosts, clock, table, log, store, idle } = this.#options;
    const one = store.get(id);
    const file = hosts.read(id);
    if (this.#isClosed || !one || !isUp(one) || this.#restarts.has(id) || (file && hosts.isAlive(file))) return;
    const now = clock.timeOfDay();
    if (file) {
      table.unexpect(file.claude.pid);
      this.claudeGone.emit(file.claude.pid);
    }
    idle.forget(id);
    hosts.clear(id);
    const end = endOf(file);
    const next = decide(one, end, now);
    log('managed session ended', { id, state: next.state, reason: next.reason });
    const exit: ManagedExit = { code: end.code, signal: end.signal, reason: next.reason, at: now };
    const recent = one.restarts.filter((at) => now - at < crashWindowMs);
    const isCrash = next.state === 'starting' && one.asked !== 'restart' && decide === afterEnd;
    store.move(id, next.state, { exit, asked: null, restarts: isCrash ? [...recent, now] : recent });
    if (next.startInMs !== undefined) this.#startIn(id, next.startInMs, next);
    if (next.state === 'sleeping') this.slept.emit(id);
  }

  #startIn(id: string, startInMs: number, { reason }: NextState): void {
    const start = (): void => {
      this.#restarts.delete(id);
      this.startAgain(id, reason).catch((error: unknown) => {
        this.#options.log('managed session not started again', { id, error: String(error) });
      });
    };
    this.#restarts.set(id, setTimeout(start, startInMs));
  }
}

/** Where nobody knows how it ended: one that has left its terminal in order has ended as it was asked to. */
function codeOf({ code, leftInOrder }: NonNullable<HostFile['ended']>): number | null {
  return code === null && leftInOrder ? 0 : code;
}

function endOf(file: HostFile | undefined): ClaudeEnd {
  const ended = file?.ended ?? null;
  return {
    code: ended?.signal === 0 ? codeOf(ended) : null,
    signal: ended && ended.signal !== 0 ? ended.signal : null,
    ranMs: ended?.ranMs ?? Number.POSITIVE_INFINITY,
    wasResume: file?.wasResume ?? false,
    lastWords: ended?.lastWords ?? '',
  };
}
