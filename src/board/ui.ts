/** What the person has done to the board: what is chosen, what is open, what is being typed. */

import type { Chosen } from './question-source.ts';

/** A line that is being typed, and what it is for. */
export type Typing =
  | { for: 'filter' }
  | { for: 'send'; id: string; name: string }
  | { for: 'start' }
  | { for: 'reason'; questionId: string }
  | { for: 'reply'; questionId: string };

/** How far the person has come with the asks of a question. */
export interface Choosing {
  /** What was chosen of each ask that is done. */
  done: readonly Chosen[];
  /** Of the next one, where several may be chosen. */
  picked: readonly string[];
}

export interface BoardUi {
  selectedId: string | null;
  filter: string;
  typing: (Typing & { text: string }) | null;
  /** Asked before a session is stopped. */
  stopping: { id: string; name: string } | null;
  help: boolean;
  /** The pane shows the screen of a managed session, not its conversation. */
  peek: boolean;
  /** In a small terminal: the pane is seen instead of the list. */
  isPaneOpen: boolean;
  /** How many lines of the pane have gone by, from its first one; null keeps its end in sight. */
  scroll: number | null;
  /** The question in the pane, since when it stands there, and whether its end has been in sight. */
  shown: { questionId: string; sinceSteadyMs: number; toEnd: boolean } | null;
  choosing: Choosing;
  notice: { text: string; isError: boolean } | null;
}

export const firstUi: BoardUi = {
  selectedId: null,
  filter: '',
  typing: null,
  stopping: null,
  help: false,
  peek: false,
  isPaneOpen: false,
  scroll: null,
  shown: null,
  choosing: { done: [], picked: [] },
  notice: null,
};

/** A key as the board knows it: a letter (or what was pasted), or a name. */
export interface Key {
  text: string;
  name:
    | 'up'
    | 'down'
    | 'pageUp'
    | 'pageDown'
    | 'home'
    | 'end'
    | 'return'
    | 'escape'
    | 'tab'
    | 'backspace'
    | 'ctrl'
    | null;
}
