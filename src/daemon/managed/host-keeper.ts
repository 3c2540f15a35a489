/**
 * Holds managed sessions in hosts: starts one, notices its end, and does what lifecycle.ts says of that. Which sessions there
 * should be is managed-sessions.ts's to say.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { lives, parentPid } from '../../process/identity.ts';
import { Signal } from '../../process/signal.ts';
import type { HostFile } from '../../protocol/host-files.ts';
import type { ManagedSession } from '../../protocol/managed.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { HostProcesses } from './host-processes.ts';
import { HostStarts } from './host-starts.ts';
import type { IdleWatch } from './idle-watch.ts';
import { afterAbsence, afterEnd, type ClaudeEnd, isBySystem } from './lifecycle.ts';
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
  readonly starts: HostStarts;
  readonly #options: HostKeeperOptions;
  #look: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HostKeeperOptions) {
    this.#options = options;
    this.starts = new HostStarts({
      ...options,
      up: (file) => this.#follow(file),
      down: (id) => this.#hostEnded(id),
    });
    options.table.expectBy((pid) => this.#hostedIn(pid));
  }

  /** What the last daemon left: who still runs is known again, for the others it is decided now what follows. */
  restore(): void {
    const { hosts, store } = this.#options;
    for (const { id } of store.running()) {
      this.#keepLooking();
      const file = hosts.read(id);
      if (file && hosts.isAlive(file)) this.#follow(file);
      // the last daemon has started it, and did not live to hear from it
      else if (hosts.isHeld(id)) void this.#comesUp(id);
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

  /** A host that nobody here has started has it. @throws ClaudexError HOST_UNREACHABLE */
  adopt(id: string): void {
    const file = this.#options.hosts.read(id);
    if (!file || !this.#options.hosts.isAlive(file)) throw new ClaudexError('HOST_UNREACHABLE', 'It is not there.');
    this.#follow(file);
    this.#options.log('managed session adopted', { id });
  }

  /** Asks its claude to end, or ends it; what follows depends on `asked` in its record. */
  end(id: string, how: 'ask' | 'kill'): void {
    const { hosts } = this.#options;
    // one that is being started is ended as soon as it is there
    if (this.starts.isUnsettled(id)) return;
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

  /** Takes away all that is kept of it. */
  forget(id: string): void {
    this.#options.store.remove(id);
    this.#options.hosts.forget(id);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#look);
    this.starts.close();
  }

  /** A host has its place before it starts claude, and says who that is after. */
  #hostedIn(pid: number): string | undefined {
    const { store, hosts, table } = this.#options;
    const coming = store.running().filter(({ id }) => {
      const known = table.byId(id);
      return known === undefined || !lives(known);
    });
    const host = coming.length === 0 ? undefined : parentPid(pid);
    return host === undefined ? undefined : coming.find(({ id }) => hosts.isHeldBy(id, host))?.id;
  }

  #follow(file: HostFile): void {
    this.#options.table.expect(file.claude.pid, file.id);
    // on a full disk it runs all the same
    guarded('managed session', () => this.#options.store.update(file.id, { host: file.host }));
    this.#keepLooking();
    // what somebody has asked for while it was coming up
    if (this.#options.store.get(file.id)?.asked) this.end(file.id, 'ask');
  }

  /** A host that another daemon has started says who it is, or ends. */
  async #comesUp(id: string): Promise<void> {
    const found = (): Promise<HostFile | undefined> => this.#options.hosts.found(id).catch(() => undefined);
    const file = await this.starts.whileUnsettled(id, found);
    if (file) this.#follow(file);
    else guarded('managed session', () => this.#hostEnded(id, afterAbsence));
  }

  #keepLooking(): void {
    this.#look ??= setInterval(() => this.#lookAround(), lookEveryMs);
  }

  /** One slow timer, and only while one runs. */
  #lookAround(): void {
    const up = this.#options.store.running();
    this.#options.idle.ticked();
    if (up.length === 0) {
      clearInterval(this.#look);
      this.#look = undefined;
    }
    for (const one of up) guarded('managed session', () => this.#lookAt(one));
  }

  #lookAt({ id, keepWarm, idleTimeoutMs }: ManagedSession): void {
    const { hosts, idle } = this.#options;
    const file = hosts.read(id);
    if (!file || !hosts.isAlive(file)) {
      this.#hostEnded(id);
      return;
    }
    idle.note(id);
    const idleForMs = idle.idleForMs(id);
    if (!keepWarm && idleForMs !== null && idleForMs >= idleTimeoutMs) this.sleep(id);
  }

  /** Its host is gone, and claude with it: what follows is decided by how claude ended. */
  #hostEnded(id: string, decide = afterEnd): void {
    const { hosts, clock, table, log, store, idle } = this.#options;
    const one = store.get(id);
    if (this.#isClosed || !one || !isUp(one) || this.starts.isPausing(id) || this.starts.isUnsettled(id)) return;
    const file = hosts.read(id);
    if (file ? hosts.isAlive(file) : hosts.isHeld(id)) return;
    if (file && lives(file.claude)) return void this.#leftBehind(file, decide);
    const now = clock.timeOfDay();
    if (file) {
      table.unexpect(file.claude.pid);
      this.claudeGone.emit(file.claude.pid);
    }
    idle.forget(id);
    const end = endOf(file);
    const next = decide(one, end, now);
    log('managed session ended', { id, state: next.state, reason: next.reason });
    const isCrash = next.state === 'starting' && one.asked !== 'restart' && decide === afterEnd;
    this.starts.goOn(id, next, { exit: { code: end.code, signal: end.signal, reason: next.reason, at: now }, isCrash });
    // only now: on a full disk all of it is done once more
    hosts.clear(id);
    if (next.state === 'sleeping') this.slept.emit(id);
  }

  /** Its claude has outlived the host, and nobody can reach it any more: it is ended first. */
  async #leftBehind(file: HostFile, decide: typeof afterEnd): Promise<void> {
    await this.starts.whileUnsettled(file.id, () => this.#options.hosts.endLeftBehind(file));
    guarded('managed session', () => this.#hostEnded(file.id, decide));
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
    leftAt: ended?.leftAt ?? null,
  };
}
