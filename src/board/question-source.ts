/** The open questions of all sessions, as the board sees and answers them. */
import type { Signal } from '../process/signal.ts';

/** One thing that claude asks within a question: a text and what may be chosen. */
export interface BoardAsk {
  text: string;
  options: ReadonlyArray<{ label: string; description: string }>;
  /** More than one may be chosen. */
  isMulti: boolean;
}

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
}

export type BoardAnswer =
  /** `always`: with the N-th suggestion (from 1). */
  | { kind: 'approve'; always?: number }
  | { kind: 'deny'; reason?: string }
  /** One list of chosen labels for each ask. */
  | { kind: 'choose'; chosen: ReadonlyArray<readonly string[]> };

export interface QuestionSource {
  readonly changed: Signal<void>;
  /** The oldest first. */
  open(): readonly BoardQuestion[];
  /** @returns what became of it, in words. @throws ClaudexError when it is answered already, or not to be answered from here */
  answer(id: string, answer: BoardAnswer): Promise<string>;
}
