/**
 * What people and messages ask of managed sessions: start, stop, resume, restart, forget, wake. Which records there are is
 * managed-store.ts's, which hosts run host-keeper.ts's.
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import type { AdoptRequest } from '../../protocol/hand-over.ts';
import type { ManagedSession, Schedule, StartRequest } from '../../protocol/managed.ts';
import type { Names } from '../sessions/names.ts';
import type { Session } from '../sessions/session.ts';
import { newSessionId } from '../sessions/session-id.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { adoptedRecord } from './adopted-record.ts';
import { checkSchedule } from './check-schedule.ts';
import type { HostKeeper } from './host-keeper.ts';
import type { IdleWatch } from './idle-watch.ts';
import { whoMakesRoom } from './lifecycle.ts';
import { describe, isUp, type ManagedStore } from './managed-store.ts';

/** A session that makes room has this long to go. */
const roomTakesMs = 10_000;

export interface ManagedOptions {
  store: ManagedStore;
  keeper: HostKeeper;
  table: SessionTable;
  idle: IdleWatch;
  clock: Clock;
  log: Log;
  maxRunning: number;
  idleTimeoutMs: number;
}

export class ManagedSessions {
  readonly #options: ManagedOptions;
  /** Starts one after the other: two at once would both find the last place free. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ManagedOptions) {
    this.#options = options;
  }

  /** @throws ClaudexError MANAGED_EXISTS, NAME_TAKEN, SESSIONS_FULL, CONVERSATION_OPEN, HOST_START_FAILED, HOME_UNWRITABLE */
  start(request: StartRequest): Promise<ManagedSession> {
    return this.#inTurn(async () => {
      const { store, keeper, clock, idleTimeoutMs } = this.#options;
      this.#refuseSecond(request);
      if (request.schedule) await checkSchedule(request.schedule);
      await this.#makeRoom();
      const { id } = store.add({
        version: 1,
        id: newSessionId(),
        name: request.name ?? null,
        cwd: request.cwd,
        args: request.args,
        env: request.env,
        claudeSessionId: request.claudeSessionId,
        hasConversation: request.claudeSessionId !== null,
        state: 'starting',
        keepWarm: request.keepWarm,
        idleTimeoutMs: request.idleTimeoutMs ?? idleTimeoutMs,
        restart: request.restart,
        restarts: [],
        exit: null,
        since: clock.timeOfDay(),
        host: null,
        asked: null,
        schedule: request.schedule ?? null,
      });
      try {
        await keeper.starts.start(id);
      } catch (error) {
        // it has never run: nothing is left of it
        keeper.forget(id);
        throw error;
      }
      return store.known(id);
    });
  }

  /**
   * A host has that session, which was in a terminal: it is a managed one, also where as many run as may; the longest idle one sleeps then.
   * @throws ClaudexError HOST_UNREACHABLE, HOME_UNWRITABLE
   */
  adopt(id: string, request: AdoptRequest): ManagedSession {
    const { store, keeper, table, clock, idleTimeoutMs } = this.#options;
    const session = table.byPid(request.claude.pid);
    const { alias: name = null, claudeSessionId = null } = session ?? {};
    const hasConversation = session !== undefined && isKept(session);
    const own = { id, name, claudeSessionId, hasConversation, idleTimeoutMs, now: clock.timeOfDay() };
    if (!store.get(id)) store.add(adoptedRecord(own, request));
    keeper.adopt(id);
    this.#inTurn(() => this.#makeRoom(0)).catch(() => undefined); // all of them are needed: one more runs
    return store.known(id);
  }

  /** @throws ClaudexError NO_SUCH_MANAGED, SESSION_RUNS, SESSIONS_FULL, CONVERSATION_OPEN, HOST_START_FAILED */
  resume(id: string, reason = 'resumed by a person', { insists = false } = {}): Promise<ManagedSession> {
    return this.#inTurn(async () => {
      const { store, keeper } = this.#options;
      const one = store.known(id);
      const isPausing = keeper.starts.cancel(id);
      if (isUp(one) && !isPausing) throw new ClaudexError('SESSION_RUNS', `${describe(one)} is ${one.state}.`);
      // one that pauses after a crash has its place
      await this.#makeRoom(isPausing ? 0 : 1);
      await keeper.starts.startAgain(id, reason, { insists });
      return store.known(id);
    });
  }

  /** After the turn, or at once. @throws ClaudexError NO_SUCH_MANAGED, NOT_RUNNING */
  stop(id: string, { now }: { now: boolean }): ManagedSession {
    const { store, keeper } = this.#options;
    const one = store.known(id);
    if (one.state === 'stopped') throw new ClaudexError('NOT_RUNNING', `${describe(one)} is stopped.`);
    if (keeper.starts.cancel(id) || !isUp(one)) return store.move(id, 'stopped', { asked: null });
    store.update(id, { asked: 'stop' });
    if (now || !this.#isWorking(id)) keeper.end(id, 'ask');
    return store.known(id);
  }

  /** Ends it and resumes it; one that does not run is resumed. @throws ClaudexError as resume */
  async restart(id: string): Promise<ManagedSession> {
    const { store, keeper } = this.#options;
    if (!isUp(store.known(id)) || keeper.starts.isPausing(id)) return this.resume(id, 'restarted by a person');
    store.update(id, { asked: 'restart' });
    keeper.end(id, 'ask');
    return store.known(id);
  }

  /** Takes its record away; the conversation stays claude's. @throws ClaudexError NO_SUCH_MANAGED, SESSION_RUNS */
  forget(id: string): void {
    const { store, keeper } = this.#options;
    const one = store.known(id);
    if (isUp(one) && !keeper.starts.cancel(id))
      throw new ClaudexError('SESSION_RUNS', `${describe(one)} is ${one.state}.`);
    keeper.forget(id);
  }

  /** From now on; null takes it away. @throws ClaudexError NO_SUCH_MANAGED, BAD_SCHEDULE */
  async schedule(id: string, schedule: Schedule | null): Promise<ManagedSession> {
    const { store, clock } = this.#options;
    store.known(id);
    if (schedule) await checkSchedule(schedule);
    const upTo = clock.timeOfDay();
    return store.update(id, { schedule, scheduled: { upTo, messageId: null, nextAt: null } });
  }

  /** A message waits for it: one that sleeps is resumed. */
  wake(id: string): void {
    if (this.#options.store.get(id)?.state !== 'sleeping') return;
    this.resume(id, 'woken by a message', { insists: true }).catch((error: unknown) => {
      this.#options.log('managed session not woken', { id, error: String(error) });
    });
  }

  /** Its session has appeared in the table, or has changed there. */
  sessionChanged(session: Session): void {
    const { store, keeper, idle } = this.#options;
    const one = store.get(session.id);
    if (!one) return;
    if (one.state === 'starting' && stateOf(session) !== 'starting') store.move(one.id, 'running', { exit: null });
    const { claudeSessionId } = session;
    const isNews = claudeSessionId !== one.claudeSessionId || !one.hasConversation;
    if (claudeSessionId !== null && isNews && isKept(session)) {
      store.update(one.id, { claudeSessionId, hasConversation: true });
    }
    if (one.asked === 'stop' && !this.#isWorking(one.id)) keeper.end(one.id, 'ask');
    idle.note(one.id);
  }

  /** The name given at its start is its name from then on. */
  nameIt(session: Session, names: Pick<Names, 'set'>): void {
    const name = this.#options.store.get(session.id)?.name;
    if (!name) return;
    try {
      names.set(session, name);
    } catch (error) {
      // another session has been given that name meanwhile: it keeps it
      this.#options.log('managed session without its name', { id: session.id, error: String(error) });
    }
  }

  /** Nothing is there twice: neither a name in a folder, nor a conversation. */
  #refuseSecond({ cwd, name, claudeSessionId }: StartRequest): void {
    const all = this.#options.store.all();
    const wanted = name?.toLowerCase() ?? null;
    const isNamesake = (one: ManagedSession): boolean => (one.name?.toLowerCase() ?? null) === wanted;
    const twin = all.find((one) => one.cwd === cwd && isNamesake(one));
    if (twin) throw new ClaudexError('MANAGED_EXISTS', `It is ${describe(twin)}, ${twin.state}.`);
    const namesake = wanted === null ? undefined : all.find(isNamesake);
    if (namesake) throw new ClaudexError('NAME_TAKEN', `It is that of ${describe(namesake)}.`);
    if (claudeSessionId !== null) this.#options.keeper.starts.refuseOpen(claudeSessionId);
  }

  /** For one more the longest idle one goes to sleep. @throws ClaudexError SESSIONS_FULL */
  async #makeRoom(places = 1): Promise<void> {
    const { maxRunning, keeper, store, clock, idle } = this.#options;
    if (store.running().length + places <= maxRunning) return;
    const id = whoMakesRoom(
      store.running().map((one) => ({ id: one.id, keepWarm: one.keepWarm, idleForMs: idle.idleForMs(one.id) })),
    );
    if (id === undefined) throw new ClaudexError('SESSIONS_FULL', `${store.running().length} run.`);
    keeper.sleep(id);
    for (const until = clock.steady() + roomTakesMs; store.running().length + places > maxRunning; ) {
      if (clock.steady() > until) throw new ClaudexError('SESSIONS_FULL', `${describe(store.known(id))} does not end.`);
      await delay(20);
    }
  }

  /** In a turn, also while that waits for a person; not at a dialog of claude's own or at a question of its start. */
  #isWorking(id: string): boolean {
    const session = this.#options.table.byId(id);
    if (!session) return false;
    const state = stateOf(session);
    const isInTurn = session.hookState === 'busy' || session.hookState === 'waiting';
    return state === 'busy' || (state === 'waiting' && isInTurn);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined); // whoever asked has it
    return result;
  }
}

/** Claude keeps a conversation from its first turn on; before that there is nothing to resume. */
function isKept({ transcriptPath }: Session): boolean {
  return transcriptPath !== null && existsSync(transcriptPath);
}
