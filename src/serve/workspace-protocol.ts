/** What the server and the process of a workspace say to each other, as IPC messages. */

import type { Answer, AnswerPart } from '../claude/stream/answer-reader.ts';
import type { ResultLine } from '../claude/stream/stream-json.ts';
import type { ErrorCode } from '../errors/claudex-error.ts';
import type { ClientOptions } from '../warm/options.ts';
import type { PoolEvent } from '../warm/pool/pool-request.ts';
import type { LaunchSpec } from '../warm/pool/stream-child.ts';

/** One question to the claude of a workspace. */
export interface Question {
  requestId: string;
  /** Fixed when claude starts; questions that differ in it share no process. */
  launch: LaunchSpec;
  prompt: string;
  /** Milliseconds for all of it, waiting included. */
  timeoutMs: number;
}

/** Given to the process as its argument. */
export type WorkspaceOptions = Pick<ClientOptions, 'poolSize' | 'maxIdleMs' | 'maxWaiting' | 'acquireTimeoutMs'>;

export type WorkspaceRequest =
  | { type: 'ask'; question: Question }
  | { type: 'abort'; requestId: string }
  | { type: 'close' };

export type WorkspaceReply =
  | { type: 'part'; requestId: string; part: AnswerPart }
  | { type: 'answer'; requestId: string; answer: Answer }
  /** Claude has answered with an error of its own. */
  | { type: 'failed'; requestId: string; result: ResultLine }
  | { type: 'error'; requestId: string; code: ErrorCode; facts: string }
  | { type: 'event'; event: PoolEvent };
