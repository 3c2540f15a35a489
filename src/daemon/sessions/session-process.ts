/** The processes that a session has to do with: what it is, where it was, who types for it. */
import type { SupervisorCommand } from '../../protocol/wire.ts';

/** The process that a session is. */
export interface SessionProcess {
  pid: number;
  startTime: string;
  cwd: string;
  configDir: string;
}

/** Where a session was before it was moved into the background: the claude in its terminal. */
export interface Seat {
  pid: number;
  startTime: string;
  /** Claude's job that has the conversation now. */
  jobId: string;
  /** Claude's file of that process says so itself. */
  saidByFile: boolean;
  sinceSteadyMs: number;
}

/** The connected supervisor of a session. */
export interface Supervisor {
  pid: number;
  send(command: SupervisorCommand): void;
}
