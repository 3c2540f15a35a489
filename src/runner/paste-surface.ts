/** What the paste route is given and what it gives back. */
import type { PromptBox } from '../claude/session/prompt-box.ts';
import type { GateReason } from '../protocol/wire.ts';

/** What the route needs from its supervisor. */
export interface PasteSurface {
  /** Undefined when typing is safe now. */
  shutBecause(): Promise<GateReason | undefined>;
  /** Claude's own word, without drafts and keys. */
  notIdle(): GateReason | undefined;
  /** True when claude says that it works. */
  isBusy(): boolean;
  /** True while claude has not read all that was typed, and is not stopped. */
  isReading(): boolean;
  /** True while claude is at work or waits for a processor: what it has read may be yet to be drawn. */
  isRunnable(): boolean;
  readBox(): Promise<PromptBox>;
  size(): { cols: number; rows: number };
  /** Gives the input lane to `type` alone. */
  reserve<T>(type: (write: (bytes: Buffer) => void) => Promise<T>): Promise<T>;
  /** Resolves with the next output of claude or with the proof, or after `timeoutMs`. */
  nextChange(timeoutMs: number): Promise<void>;
  /** Claude has reported our mark. */
  isProven(): boolean;
  /** Milliseconds of the steady clock. */
  now(): number;
}

export interface PasteText {
  text: string;
  mark: string;
  /** The key that submits, as of now. */
  submit: () => Buffer | undefined;
}

export type PasteOutcome = 'proven' | GateReason;
