/** The processes of a session: claude, and the supervisor that holds its terminal. */
import type { SupervisorCommand } from '../../protocol/wire.ts';

/** The process that a session is. */
export interface SessionProcess {
  pid: number;
  startTime: string;
  cwd: string;
  configDir: string;
}

/** The connected supervisor of a session. */
export interface Supervisor {
  pid: number;
  send(command: SupervisorCommand): void;
}
