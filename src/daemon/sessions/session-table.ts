/** Who is running: one record per claude process (pid and start time), supervised or bare. */
import type { Clock } from '../../process/clock.ts';
import { type PersistedSession, restoredSession } from './persisted-session.ts';
import { newSession, type Session } from './session.ts';
import type { SessionProcess } from './session-process.ts';

/** A session may appear this long before the one it follows was last seen: that one takes its time to die. */
const successorSlackMs = 2000;

export class SessionTable {
  readonly #clock: Clock;
  readonly #byPid = new Map<number, Session>();
  readonly #byId = new Map<string, Session>();
  /** Ids that processes have before they are known: those of managed sessions. */
  readonly #expected = new Map<number, string>();
  /** Of a process that is not expected yet: the managed session whose host has started it, were that only coming up. */
  #hostedIn: (pid: number) => string | undefined = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  all(): Session[] {
    return [...this.#byPid.values()];
  }

  get size(): number {
    return this.#byPid.size;
  }

  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  byPid(pid: number): Session | undefined {
    return this.#byPid.get(pid);
  }

  /**
   * The record of that process, made if it is new.
   * @returns `replaced`: the record of an earlier process with the same pid, which is thereby gone.
   */
  ensure(process: SessionProcess): { session: Session; isNew: boolean; replaced?: Session } {
    const known = this.#byPid.get(process.pid);
    if (known?.startTime === process.startTime) return { session: known, isNew: false };
    const session = newSession(process, this.#clock, this.#expected.get(process.pid) ?? this.#hostedIn(process.pid));
    if (known) this.#byId.delete(known.id);
    this.#file(session);
    return { session, isNew: true, ...(known && { replaced: known }) };
  }

  /** The session that process `pid` is going to be has this id. */
  expect(pid: number, id: string): void {
    this.#expected.set(pid, id);
  }

  /** Asked of each new process that is not expected: claude may be known by its own file before its host has said who it is. */
  expectBy(hostedIn: (pid: number) => string | undefined): void {
    this.#hostedIn = hostedIn;
  }

  /** That process has ended. */
  unexpect(pid: number): void {
    this.#expected.delete(pid);
  }

  restore(persisted: PersistedSession): Session {
    const session = restoredSession(persisted, this.#clock);
    this.#file(session);
    return session;
  }

  /**
   * The successor of a dead session: the first session of its folder that appeared after the dead one was last seen alive, or
   * after it began to end, because claude may take seconds for that. A session that ran beside the dead one is no successor.
   * When nobody knows the dead session any more, every session of the folder is one.
   */
  successorOf(
    cwd: string,
    gone: Pick<Session, 'id' | 'lastSeenSteadyMs' | 'leavingSinceSteadyMs'> | undefined,
  ): Session | undefined {
    const leftAt = gone ? (gone.leavingSinceSteadyMs ?? gone.lastSeenSteadyMs) : Number.NEGATIVE_INFINITY;
    const appearedFrom = leftAt - successorSlackMs;
    return this.all().find((one) => one.cwd === cwd && one.id !== gone?.id && one.firstSeenSteadyMs >= appearedFrom);
  }

  /** It is another process from now on. */
  move(session: Session, process: Pick<SessionProcess, 'pid' | 'startTime'>): void {
    if (this.#byPid.get(session.pid) === session) this.#byPid.delete(session.pid);
    session.movedTo(process);
    this.#file(session);
  }

  /** The session that was moved out of that process, and may come back to it. */
  bySeat(pid: number, startTime: string): Session | undefined {
    return this.all().find(({ seat }) => seat?.pid === pid && seat.startTime === startTime);
  }

  remove(session: Session): void {
    if (this.#byPid.get(session.pid) !== session) return;
    this.#byPid.delete(session.pid);
    this.#byId.delete(session.id);
  }

  #file(session: Session): void {
    this.#byPid.set(session.pid, session);
    this.#byId.set(session.id, session);
  }
}
