/** What a claudex gives the host that goes on with its claude: all that is known of it, as one JSON text, beside the two ends of the terminal. */
import type { FrameSize } from './frames.ts';

export interface HandOver {
  version: 1;
  /** Our id of the session. */
  id: string;
  cwd: string;
  /** Arguments for claude, as the person gave them. */
  args: string[];
  /** The environment of the shell that claudex was started in. */
  env: Record<string, string>;
  claude: { pid: number; startTime: string };
  /** Whose file with claude's settings is to stay for as long as claude runs. */
  launchedBy: number;
  /** What is kept of its output: the size before it, then bytes (Base64) and changes of size. */
  screen: { size: FrameSize; events: Array<string | FrameSize> };
  /** Is that all of its output? If not, claude is to draw its screen once more. */
  isWhole: boolean;
  /** Draws the screen with what is above it, where somebody has looked at it until now (Base64). */
  drawn: string | null;
  /** The modes of its terminal; src/terminal/terminal-modes.ts knows what they mean. */
  modes: unknown;
  /** Typed, and not yet with claude (Base64). */
  unwritten: string;
}

/** `POST /v1/managed/:id/adopt`: a host goes on with a session that was in a person's terminal. */
export interface AdoptRequest {
  cwd: string;
  args: string[];
  env: Record<string, string>;
  claude: { pid: number; startTime: string };
  configDir: string;
}
