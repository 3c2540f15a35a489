import type { ResultLine, StreamLine } from '../../claude/stream/stream-json.ts';
import type { ProcessEnd } from './stream-child.ts';

/** What a request hears while it runs. */
export interface TurnEars {
  onLine?: (line: StreamLine) => void;
  /** What claude writes to stderr; first, what it wrote at its start. */
  onStderr?: (text: string) => void;
}

/** One request on its way through a process. */
export interface Turn {
  onLine: (line: StreamLine) => void;
  onStderr: (text: string) => void;
  /** Called once, with the result or with the process's end. */
  finish: (outcome: ResultLine | ProcessEnd) => void;
  /** Resolves after `finish`. */
  over: Promise<void>;
}
