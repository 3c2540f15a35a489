/** What `claudex prompt` and the worker say to each other: one JSON line each, over the worker's socket. Imports nothing. */

/** The first and only line of a client. */
export type WorkerRequest =
  | {
      type: 'prompt';
      version: string;
      /** The words after `claudex prompt`. */
      words: string[];
      cwd: string;
      env: Record<string, string | undefined>;
      /** Standard input, whole; null when it is a terminal. */
      stdin: string | null;
    }
  | {
      type: 'prewarm';
      version: string;
      words: string[];
      cwd: string;
      env: Record<string, string | undefined>;
      count: number;
    }
  | { type: 'status' }
  | { type: 'drain' };

/** A line of the worker's. `exit`, `cold`, `replaced` and `status` are each the last. */
export type WorkerReply =
  /** The first: it has begun, and the question must not be put to another worker. */
  | { begun: true }
  | { out: string }
  | { err: string }
  | { exit: number }
  /** It cannot be done warm: the word that stands in the way. */
  | { cold: string }
  /** The worker is older than who asks, or goes anyway: start the next. */
  | { replaced: true }
  | { status: WorkerStatus };

export interface WorkerStatus {
  pid: number;
  version: string;
  uptimeMs: number;
  /** Requests that run or wait. */
  requests: number;
  waiting: number;
  processes: Array<{ pid: number; key: string; state: string; served: number; cwd: string }>;
  counters: Record<string, number>;
}
