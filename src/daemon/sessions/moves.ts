/**
 * Follows sessions that claude moves into the background, and back: a session goes where its conversation goes. What is left
 * in the terminal only shows the job, or the agents view, and is no session.
 */
import { existsSync } from 'node:fs';
import { isJobStarting, jobMovedInto, readBackgroundJobs } from '../../claude/session/background-jobs.ts';
import {
  type ClaudeSessionFile,
  isSession,
  isWrittenBy,
  readSessionFile,
  readSessionFiles,
} from '../../claude/session/session-file.ts';
import type { Clock } from '../../process/clock.ts';
import { lives, processStartTime } from '../../process/identity.ts';
import type { Session } from './session.ts';
import type { SessionTable } from './session-table.ts';

/** A session whose claude has ended is kept this long for the job it was moved into: on a busy machine that takes claude a minute. */
const jobPatienceMs = 180_000;

/** The same for a job that claude's daemon does not run (any more). */
const unlistedPatienceMs = 10_000;

/** Until it is clear whether a job that is being started is the session, it is asked this often. */
const askAgainMs = 500;

export interface MovesOptions {
  table: SessionTable;
  clock: Clock;
  /** The session of a process that has written that file, registered if it is new. */
  ensure(configDir: string, file: ClaudeSessionFile): Session | undefined;
  /** A session is another process from now on, or about to be. */
  moved(session: Session): void;
  /** It is to be looked at again. */
  touch(session: Session): void;
}

export class Moves {
  readonly #options: MovesOptions;

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  /**
   * Looks whether claude has moved the session: asked before anything is put into one, because older claudes do not say so.
   * @returns true when it has, or may have: everybody has been told by then, or will be soon
   */
  look(session: Session): boolean {
    const file = readSessionFile(session.configDir, session.pid);
    const jobId = file && isWrittenBy(file, session.startTime) ? this.#jobOf(session, file) : undefined;
    if (file === undefined) return false;
    if (jobId !== undefined) this.#park(session, jobId, file);
    else if (session.seat !== null || !isJobStarting(session.configDir, file, this.#options.clock.timeOfDay()))
      return false;
    else setTimeout(() => this.#options.touch(session), askAgainMs).unref();
    return true;
  }

  /** Claude has written the file of the process in a session's terminal. */
  seatFileRead(session: Session, file: ClaudeSessionFile): void {
    const { seat } = session;
    if (file.parkedJobId !== null && file.parkedJobId !== seat?.jobId) this.#park(session, file.parkedJobId, file);
    else if (file.parkedJobId === null && seat?.saidByFile) this.returned(session, { refuted: false });
  }

  /** Its terminal shows the session itself again; `refuted`: it was never moved. */
  returned(session: Session, { refuted }: { refuted: boolean }): void {
    const { seat } = session;
    if (seat && !session.isHeld) this.#options.table.move(session, seat);
    session.seatGone({ refuted });
    this.#readFile(session);
    this.#options.moved(session);
  }

  /** The session that was moved into that job, which has a process now. */
  arrived(jobId: string, configDir: string, process: { pid: number; startTime: string }): Session | undefined {
    const session = this.#originOf(jobId, configDir);
    if (session) this.#move(session, process);
    return session;
  }

  /** True when a session whose process has ended goes on: in its terminal, or in a job that is about to have a process. */
  goesOn(session: Session): boolean {
    const { seat, file } = session;
    if (seat && session.isHeld) {
      const isListed = readBackgroundJobs(session.configDir).some(({ id }) => id === seat.jobId);
      return this.#options.clock.steady() - seat.sinceSteadyMs < (isListed ? jobPatienceMs : unlistedPatienceMs);
    }
    if (seat) {
      if (lives(seat)) this.#move(session, seat);
      return lives(seat);
    }
    const jobId = file === null ? undefined : this.#jobOf(session, file);
    if (file === null || jobId === undefined) return false;
    this.#park(session, jobId, file);
    return true;
  }

  #jobOf(session: Session, file: ClaudeSessionFile): string | undefined {
    if (session.seat !== null) return undefined;
    const { claudeSessionId, transcriptPath } = session;
    const hasSaidSomething = transcriptPath !== null && existsSync(transcriptPath);
    const jobId = jobMovedInto({ claudeSessionId, hasSaidSomething, file }, readBackgroundJobs(session.configDir));
    return jobId === session.refutedJobId ? undefined : jobId;
  }

  #originOf(jobId: string, configDir: string): Session | undefined {
    const isIts = (one: Session): boolean => one.isHeld && one.seat?.jobId === jobId;
    const held = this.#options.table.all().find(isIts);
    if (held) return held;
    for (const file of readSessionFiles(configDir)) {
      if (file.jobId !== null || !isSession(file) || !isWrittenBy(file, processStartTime(file.pid) ?? '')) continue;
      const session = this.#options.ensure(configDir, file);
      if (session?.seat === null && this.#jobOf(session, file) === jobId) this.#leave(session, jobId, file);
      if (session && isIts(session)) return session;
    }
    return undefined;
  }

  /** Nothing goes in until its job has a process; that may be there already. */
  #park(session: Session, jobId: string, file: ClaudeSessionFile): void {
    if (session.seat && !session.isHeld) this.#options.table.move(session, session.seat);
    this.#leave(session, jobId, file);
    this.#options.moved(session);
    const job = readSessionFiles(session.configDir).find((one) => one.jobId === jobId && isSession(one));
    const startTime = job && processStartTime(job.pid);
    if (job && startTime !== undefined && isWrittenBy(job, startTime)) this.#move(session, { pid: job.pid, startTime });
  }

  #leave(session: Session, jobId: string, file: ClaudeSessionFile): void {
    const sinceSteadyMs = this.#options.clock.steady();
    session.leftFor(jobId, { saidByFile: file.parkedJobId === jobId, sinceSteadyMs });
  }

  #move(session: Session, process: { pid: number; startTime: string }): void {
    this.#options.table.move(session, process);
    this.#readFile(session);
    this.#options.moved(session);
  }

  #readFile(session: Session): void {
    const file = readSessionFile(session.configDir, session.pid);
    if (file && isWrittenBy(file, session.startTime)) session.fileRead(file);
  }
}
