/** Where a session is: its process, and the terminal that it was moved out of. */
import type { ClaudeSessionFile } from '../../claude/session/session-file.ts';
import type { StartQuestion } from '../../protocol/session.ts';
import type { Seat, SessionProcess, Supervisor } from './session-process.ts';

export class SessionPlace {
  pid: number;
  startTime: string;
  /** What claude's session file last said; null when there is none. */
  file: ClaudeSessionFile | null = null;
  /** Set while it is a background job that was moved out of a terminal in which claude still runs, or may come back. */
  seat: Seat | null = null;
  /** A job that has not taken this session, whatever claude's roster says. */
  refutedJobId: string | null = null;
  supervisor: Supervisor | null = null;
  /** What claude asks at its start, as its host sees on the screen: neither its session file nor a hook tells. */
  startQuestion: StartQuestion | null = null;
  /** How many look at it, its own terminal not among them, as its supervisor says. */
  viewers = 0;

  constructor({ pid, startTime }: Pick<SessionProcess, 'pid' | 'startTime'>) {
    this.pid = pid;
    this.startTime = startTime;
  }

  /** It runs in the background, as a job of claude's own daemon. */
  get isBackground(): boolean {
    return (this.file?.jobId ?? null) !== null;
  }

  /** It was moved into a job that has no process (yet): its terminal shows the agents view. */
  get isHeld(): boolean {
    return this.seat !== null && this.seat.pid === this.pid;
  }

  /** Who types for it: nobody for a session that was moved, because its terminal may show anything. */
  get typist(): Supervisor | null {
    return this.seat === null ? this.supervisor : null;
  }

  /** Claude has moved it into a job. */
  leftFor(jobId: string, given: Pick<Seat, 'saidByFile' | 'sinceSteadyMs'>): void {
    const { pid, startTime } = this.seat ?? this;
    this.seat = { pid, startTime, jobId, ...given };
  }

  /** Its host has looked at the screen. @returns true when that is news */
  asks(question: StartQuestion | null): boolean {
    const isNews = this.startQuestion !== question;
    this.startQuestion = question;
    return isNews;
  }

  /** @returns true when that is news */
  viewedBy(count: number): boolean {
    const isNews = this.viewers !== count;
    this.viewers = count;
    return isNews;
  }

  /** It is another process from now on. */
  movedTo({ pid, startTime }: Pick<SessionProcess, 'pid' | 'startTime'>): void {
    this.pid = pid;
    this.startTime = startTime;
    this.startQuestion = null;
  }

  /** Its terminal shows it again, or there is no terminal any more; `refuted`: it has not been moved at all. */
  seatGone({ refuted }: { refuted: boolean }): void {
    if (refuted) this.refutedJobId = this.seat?.jobId ?? null;
    this.seat = null;
  }
}
