/**
 * Keeps the session table true: claude's session files, supervisors and hooks report into it; dead processes leave it.
 * Owns the persisted table and the liveness sweep; its signals tell of every change.
 */
import { type ClaudeSessionFile, isSession, isWrittenBy, readSessionFile } from '../../claude/session/session-file.ts';
import type { Clock } from '../../process/clock.ts';
import { guarded } from '../../process/guard.ts';
import { ancestry, lives, processStartTime } from '../../process/identity.ts';
import { Signal } from '../../process/signal.ts';
import { Moves } from './moves.ts';
import type { Session } from './session.ts';
import { SessionFiles } from './session-files.ts';
import { SessionTable } from './session-table.ts';
import { SessionsFile } from './sessions-file.ts';

/** How soon a process that died without a word is missed (kill -9 leaves claude's session file behind). */
const sweepMs = 1500;

/** Config dirs that are watched though no session of theirs lives. */
const maxWatchedDirs = 20;

export class SessionRegistry {
  /** A session has started (not: was known to the last daemon). `changed` follows. */
  readonly started = new Signal<Session>();
  /** A session is new, or something about it has changed. */
  readonly changed = new Signal<Session>();
  /** A session is another process from now on, or about to be. `changed` follows. */
  readonly moved = new Signal<Session>();
  /** A session's process has ended. */
  readonly gone = new Signal<Session>();
  readonly table: SessionTable;
  readonly moves: Moves;
  readonly #files: SessionFiles;
  readonly #written: SessionsFile;
  #defaultConfigDir: string | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: { persistPath: string; clock: Clock }) {
    this.table = new SessionTable(options.clock);
    this.moves = new Moves({
      table: this.table,
      clock: options.clock,
      ensure: (configDir, file) => this.ensure(file.pid, file.cwd, configDir),
      moved: (session) => this.#moved(session),
      touch: (session) => this.touch(session),
    });
    this.#written = new SessionsFile(options.persistPath, this.table);
    this.#files = new SessionFiles((configDir, pid, file) => this.#onFile(configDir, pid, file));
  }

  /** Restores what the last daemon knew; of those that have died since, `gone` tells at once. */
  restore(): void {
    const restored = this.#written.read().map((one) => this.table.restore(one));
    const dead = restored.filter((one) => !lives(one));
    for (const session of dead) this.table.remove(session);
    for (const session of dead) this.gone.emit(session);
  }

  /** Starts watching; what was restored counts as changed. */
  start(defaultConfigDir: string): void {
    this.#defaultConfigDir = defaultConfigDir;
    const restored = this.table.all();
    for (const session of restored) this.watchConfigDir(session.configDir);
    this.watchConfigDir(defaultConfigDir);
    for (const session of restored) this.#changed(session);
  }

  /** Where many config dirs have come and gone, one without a session is not watched any more. */
  #releaseConfigDir(configDir: string): void {
    const isNeeded =
      configDir === this.#defaultConfigDir || this.table.all().some((one) => one.configDir === configDir);
    if (!isNeeded && this.#files.watchedCount > maxWatchedDirs) this.#files.release(configDir);
  }

  watchConfigDir(configDir: string): void {
    this.#files.watch(configDir);
  }

  close(): void {
    this.#files.close();
    clearInterval(this.#sweep);
    this.#written.close();
  }

  /** The record of a live process, made if it is new; undefined when there is no such process. */
  ensure(pid: number, cwd: string, configDir: string): Session | undefined {
    const startTime = processStartTime(pid);
    if (startTime === undefined) return undefined;
    const seated = this.table.bySeat(pid, startTime);
    if (seated) return seated;
    if (this.table.byPid(pid)?.startTime === startTime) return this.table.byPid(pid);
    this.#missTheDead(cwd);
    const file = readSessionFile(configDir, pid);
    const own = file && isWrittenBy(file, startTime) ? file : undefined;
    const arrived = own?.jobId ? this.moves.arrived(own.jobId, configDir, { pid, startTime }) : undefined;
    if (arrived) return arrived;
    const { session, isNew, replaced } = this.table.ensure({ pid, startTime, cwd, configDir });
    if (replaced) this.gone.emit(replaced);
    if (isNew) {
      this.watchConfigDir(configDir);
      if (own) session.fileRead(own);
      this.#written.writeNow(session);
      this.started.emit(session);
      this.#changed(session);
    }
    return session;
  }

  /**
   * The session that this very process is, registered if nothing has told of it yet. `other` for a claude that is no
   * session (`claude -p`), undefined for any other process.
   */
  sessionOf(pid: number, configDir: string): Session | 'other' | undefined {
    const startTime = processStartTime(pid);
    if (startTime === undefined) return undefined;
    const known = this.table.byPid(pid);
    if (known?.startTime === startTime) return known;
    const file = readSessionFile(configDir, pid);
    if (!file || !isWrittenBy(file, startTime)) return undefined;
    // a claude whose session was moved only shows it
    if (this.table.bySeat(pid, startTime)) return 'other';
    return isSession(file) ? (this.ensure(pid, file.cwd, configDir) ?? 'other') : 'other';
  }

  /** The nearest claude above a process: a session, or `other` for one that is none (`claude -p`). */
  claudeAbove(pid: number, configDir: string): Session | 'other' | undefined {
    for (const ancestor of ancestry(pid)) {
      const found = this.sessionOf(ancestor, configDir);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Looks at the session's file now, not when the watcher tells of it. */
  readFileNow(session: Session): void {
    const file = readSessionFile(session.configDir, session.pid);
    if (file && isWrittenBy(file, session.startTime) && session.fileRead(file)) this.#changed(session);
  }

  /** Call after changing a session: persists, restarts the sweep if need be, and `changed` tells. */
  touch(session: Session): void {
    if (this.table.byPid(session.pid) === session) this.#changed(session);
  }

  /** Takes a session out if its process is gone. */
  checkAlive(session: Session): void {
    if (lives(session)) {
      session.seen();
      if (session.seat === null || lives(session.seat)) return;
      session.seatGone({ refuted: false });
      this.#changed(session);
      return;
    }
    if (this.moves.goesOn(session)) return;
    this.table.remove(session);
    this.#written.writeSoon();
    this.#armSweep();
    this.#releaseConfigDir(session.configDir);
    this.gone.emit(session);
  }

  /** Before a new one is known: what waited for those that it follows comes before what will be sent to it. */
  #missTheDead(cwd: string): void {
    for (const session of this.table.all()) if (session.cwd === cwd) this.checkAlive(session);
  }

  /** Somebody says that this process has ended. */
  checkPid(pid: number): void {
    const session = this.table.byPid(pid);
    if (session) this.checkAlive(session);
  }

  #moved(session: Session): void {
    this.#written.writeNow(session);
    this.moved.emit(session);
    this.#changed(session);
  }

  #changed(session: Session): void {
    session.active();
    this.#written.writeSoon();
    this.#armSweep();
    this.changed.emit(session);
  }

  /** One slow timer, and only while somebody is there to miss. */
  #armSweep(): void {
    const needed = this.table.size > 0;
    if (needed && this.#sweep === undefined) {
      this.#sweep = setInterval(() => {
        for (const session of this.table.all()) guarded('sweep', () => this.checkAlive(session));
      }, sweepMs);
    } else if (!needed) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  #onFile(configDir: string, pid: number, file: ClaudeSessionFile | undefined): void {
    const known = this.table.byPid(pid);
    if (!file) {
      if (known) this.checkAlive(known);
      return;
    }
    const startTime = processStartTime(pid);
    if (startTime === undefined || !isWrittenBy(file, startTime) || !isSession(file)) return;
    const session = this.ensure(pid, file.cwd, configDir);
    if (!session) return;
    if (session.pid === pid && session.fileRead(file)) this.#changed(session);
    if (file.jobId === null) this.moves.seatFileRead(session, file);
  }
}
