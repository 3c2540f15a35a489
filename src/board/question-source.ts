/** The open questions of all sessions, as the board sees and answers them. */
import type { DaemonClient } from '../daemon-client/client.ts';
import type { Signal } from '../process/signal.ts';
import type { Question } from '../protocol/question.ts';

/** One thing that claude asks within a question: a text and what may be chosen. */
export interface BoardAsk {
  text: string;
  /** `label` is safe to show; `value` is claude's own word for it. */
  options: ReadonlyArray<{ label: string; value: string; description: string }>;
  /** More than one may be chosen. */
  isMulti: boolean;
}

/** What answers one ask: values of its options, or a text of one's own. */
export type Chosen = string | readonly string[];

/** A permission, a question or a plan that waits for the person. */
export interface BoardQuestion {
  id: string;
  sessionId: string;
  kind: 'permission' | 'question' | 'plan';
  tool: string;
  /** In one line, for the list. */
  summary: string;
  /** Whole, as text that is safe to show. */
  shown: string;
  /** What claude suggests to allow from now on, in words; the N-th is what `claudex approve --always=N` takes. */
  suggestions: readonly string[];
  /** Of `kind` question: what is asked, one or several. */
  asks: readonly BoardAsk[];
  /** Why it can be answered in its terminal only; null when it can be answered here. */
  onlyThere: string | null;
}

export type BoardAnswer =
  /** `always`: with the N-th suggestion (from 1). */
  | { kind: 'approve'; always?: number }
  | { kind: 'deny'; reason?: string }
  /** For each ask the values that were chosen, or a text of the person's own. */
  | { kind: 'choose'; chosen: readonly Chosen[] };

export interface QuestionSource {
  readonly changed: Signal<void>;
  /** A daemon has been found: what it knows is what there is. */
  readAll(client: DaemonClient): Promise<void>;
  /** The daemon tells of one. */
  heard(question: Question): void;
  /** The oldest first. */
  open(): readonly BoardQuestion[];
  /** @returns what became of it, in words. @throws ClaudexError when it is answered already, or not to be answered from here */
  answer(id: string, answer: BoardAnswer): Promise<string>;
}
