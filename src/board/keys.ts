/** What each key does: a new state of the board, and what is to be done outside of it. Pure. */
import { answerKey } from './answer-keys.ts';
import type { BoardSession } from './board-session.ts';
import type { Layout } from './layout.ts';
import type { BoardAnswer } from './question-source.ts';
import { typingKey } from './typing-keys.ts';
import type { BoardUi, Key } from './ui.ts';

/** What the board cannot do by itself. */
export type Effect =
  | { kind: 'quit' }
  | { kind: 'suspend' }
  | { kind: 'attach'; session: BoardSession }
  | { kind: 'send'; id: string; name: string; text: string }
  | { kind: 'start'; folder: string }
  | { kind: 'stop'; id: string; name: string }
  | { kind: 'answer'; questionId: string; answer: BoardAnswer };

export interface KeyResult {
  ui: BoardUi;
  effect?: Effect;
}

/** What a key may depend on. */
export interface KeyContext {
  /** Those that the filter lets through, in order. */
  sessions: readonly BoardSession[];
  selected: BoardSession | undefined;
  layout: Layout;
  /** How many lines the pane has, and which is the first in sight. */
  pane: { lines: number; first: number };
  /** The keys answer the question: it has been in sight whole, and for long enough. */
  isLive: boolean;
  /** What `n` proposes. */
  folder: string;
}

/**
 * Keys that come faster than they are read arrive together, and look like what was pasted. Those that only move are told apart: nothing is
 * answered, sent or stopped by them.
 */
export function keysOf(key: Key, ui: BoardUi): Key[] {
  const isTogether = key.name === null && key.text.length > 1 && ui.typing === null && /^[jkJKgG ]+$/.test(key.text);
  return isTogether ? [...key.text].map((text) => ({ text, name: null })) : [key];
}

/** The key is taken where something is being typed or asked first, else it is a command. */
export function takeKey(before: BoardUi, key: Key, context: KeyContext): KeyResult {
  if (key.name === 'ctrl' && key.text === 'c') return { ui: before, effect: { kind: 'quit' } };
  if (key.name === 'ctrl' && key.text === 'z') return { ui: before, effect: { kind: 'suspend' } };
  const ui = { ...before, notice: null };
  if (ui.typing) return typingKey(ui, ui.typing, key, context.selected?.question);
  if (ui.help) return { ui: { ...ui, help: false } };
  if (ui.stopping) return stopKey(ui, ui.stopping, key);
  return answerKey(ui, key, context) ?? moveKey(ui, key, context) ?? commandKey(ui, key, context);
}

function stopKey(ui: BoardUi, asked: NonNullable<BoardUi['stopping']>, key: Key): KeyResult {
  const isYes = key.text === 'y' || key.text === 'Y';
  return { ui: { ...ui, stopping: null }, ...(isYes && { effect: { kind: 'stop', ...asked } }) };
}

function moveKey(ui: BoardUi, key: Key, context: KeyContext): KeyResult | undefined {
  const page = Math.max(1, context.layout.list.rows - 3);
  switch (key.name ?? key.text) {
    case 'up':
    case 'k':
      return moved(ui, context, -1);
    case 'down':
    case 'j':
      return moved(ui, context, 1);
    case 'home':
    case 'g':
      return moved(ui, context, Number.NEGATIVE_INFINITY);
    case 'end':
    case 'G':
      return moved(ui, context, Number.POSITIVE_INFINITY);
    case 'pageUp':
      return isPaneRead(ui, context)
        ? scrolled(ui, context, 1 - context.layout.pane.rows + 2)
        : moved(ui, context, -page);
    case 'pageDown':
      return isPaneRead(ui, context) ? scrolled(ui, context, context.layout.pane.rows - 3) : moved(ui, context, page);
    case ' ':
      return scrolled(ui, context, context.layout.pane.rows - 3);
    case 'J':
      return scrolled(ui, context, 1);
    case 'K':
      return scrolled(ui, context, -1);
    case 'tab':
      return toNextWaiting(ui, context);
    default:
      return undefined;
  }
}

/** The pane is what the person reads: it has the whole screen. */
function isPaneRead(ui: BoardUi, { layout }: KeyContext): boolean {
  return layout.kind === 'alone' && ui.isPaneOpen;
}

function commandKey(ui: BoardUi, key: Key, { selected, folder }: KeyContext): KeyResult {
  switch (key.name ?? key.text) {
    case 'q':
      return { ui, effect: { kind: 'quit' } };
    case 'escape':
      if (ui.isPaneOpen || ui.peek) return { ui: { ...ui, isPaneOpen: false, peek: false, scroll: null } };
      return { ui: { ...ui, filter: '' } };
    case '?':
      return { ui: { ...ui, help: true } };
    case '/':
      return { ui: { ...ui, typing: { for: 'filter', text: ui.filter } } };
    case 'n':
      return { ui: { ...ui, typing: { for: 'start', text: selected?.folder ?? folder } } };
    default:
      return selected ? selectedKey(ui, key, selected) : { ui };
  }
}

/** What is done to the chosen session. */
function selectedKey(ui: BoardUi, key: Key, selected: BoardSession): KeyResult {
  const { id, name } = selected;
  switch (key.name ?? key.text) {
    case 'return':
      return { ui, effect: { kind: 'attach', session: selected } };
    case 'p': {
      const isOpen = ui.peek || ui.isPaneOpen;
      return { ui: { ...ui, peek: !isOpen, isPaneOpen: !isOpen, scroll: null } };
    }
    case 's':
      return { ui: { ...ui, typing: { for: 'send', id, name, text: '' } } };
    case 'x':
      if (!selected.isManaged) return { ui: said(ui, `${name} runs in a terminal of its own: end it there.`) };
      if (!selected.isUp) return { ui: said(ui, `${name} does not run.`) };
      return { ui: { ...ui, stopping: { id, name } } };
    default:
      return { ui };
  }
}

function moved(ui: BoardUi, { sessions, selected }: KeyContext, by: number): KeyResult {
  const at = sessions.findIndex((one) => one.id === selected?.id);
  const to = Math.max(0, Math.min(sessions.length - 1, at + by));
  return { ui: { ...ui, selectedId: sessions[to]?.id ?? null, scroll: null } };
}

function toNextWaiting(ui: BoardUi, { sessions, selected }: KeyContext): KeyResult {
  const at = sessions.findIndex((one) => one.id === selected?.id);
  const around = [...sessions.slice(at + 1), ...sessions.slice(0, at + 1)];
  const next = around.find((one) => one.state === 'waiting' || one.question);
  return next ? { ui: { ...ui, selectedId: next.id, scroll: null } } : { ui: said(ui, 'Nobody waits for you.') };
}

function scrolled(ui: BoardUi, { pane, layout }: KeyContext, by: number): KeyResult {
  const last = Math.max(0, pane.lines - (layout.pane.rows - 2));
  return { ui: { ...ui, scroll: Math.max(0, Math.min(last, pane.first + by)) } };
}

function said(ui: BoardUi, text: string): BoardUi {
  return { ...ui, notice: { text, isError: false } };
}
