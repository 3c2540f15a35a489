/** A conversation as turns. */

/**
 * Who started it. `person`: typed, or put in as the user's own word; `program`: `claude -p` and the SDK; `peer`: another session;
 * `notification`: claude's own news of a task or a hook that woke it; `command`: a slash command or `!command` that claude answered.
 */
export type TurnOrigin = 'person' | 'program' | 'peer' | 'notification' | 'command';

/**
 * `answered`: claude came to an end; `interrupted`: a person stopped it (Esc, a refused tool); `failed`: the API gave an error;
 * `open`: none of these yet: it is running, or its process ended in the middle.
 */
export type TurnOutcome = 'answered' | 'interrupted' | 'failed' | 'open';

export interface ToolUse {
  kind: 'tool';
  id: string;
  name: string;
  input: unknown;
  /** Null until there is one; cut in the middle where it is longer than the reader wants. */
  result: string | null;
  /** Of the whole result, in UTF-8. */
  resultBytes: number;
  isError: boolean;
}

/** What claude did, one after the other. */
export type Step =
  /** Words of claude to the person. */
  | { kind: 'text'; text: string }
  | ToolUse
  /** Words put in while the turn ran: by a hook, from claude's queue of prompts, the output of a `!command`. */
  | { kind: 'added'; by: 'hook' | 'queue' | 'command'; text: string };

export interface Turn {
  /** From 1, oldest first. */
  index: number;
  /** Claude's id of the turn; null in old files and for some commands. A forked conversation repeats ids. */
  promptId: string | null;
  /** ISO 8601; null where the record has none. */
  startedAt: string | null;
  /** Of the last record. */
  endedAt: string | null;
  origin: TurnOrigin;
  prompt: string;
  steps: Step[];
  /** The last words of claude; empty when it said nothing. */
  answer: string;
  outcome: TurnOutcome;
  /** The conversation was compacted just before: claude knew of earlier turns by a summary only. */
  compactedBefore: boolean;
}

/** The tools a turn used, in order. */
export function toolsOf(turn: Pick<Turn, 'steps'>): ToolUse[] {
  return turn.steps.filter((step) => step.kind === 'tool');
}
