/** The list of sessions as lines. Pure. */
import { cellsOf } from '../terminal/cell-width.ts';
import type { BoardSession, BoardState } from './board-session.ts';
import type { Size } from './layout.ts';
import { boxed, column, fitted, type Line, span, type Tone, toned } from './line.ts';

export interface ListView {
  /** Those that the filter lets through, in order. */
  sessions: readonly BoardSession[];
  /** How many there are without the filter. */
  total: number;
  selectedId: string | null;
  filter: string;
  /** Milliseconds since the epoch. */
  now: number;
}

const marks: Record<BoardState, readonly [mark: string, tone: Tone]> = {
  waiting: ['◆', 'waiting'],
  busy: ['●', 'busy'],
  idle: ['○', 'idle'],
  starting: ['◌', 'busy'],
  running: ['◌', 'busy'],
  sleeping: ['·', 'dim'],
  stopped: ['·', 'dim'],
  ended: ['·', 'dim'],
  crashed: ['×', 'error'],
  gone: ['·', 'dim'],
};

/** The sign of a state, and its tone. */
export function markOf(state: BoardState): readonly [mark: string, tone: Tone] {
  return marks[state];
}

/** The list in its box. */
export function listPane(view: ListView, { cols, rows }: Size): Line[] {
  const inside = { cols: cols - 2, rows: rows - 2 };
  const selected = view.sessions.findIndex(({ id }) => id === view.selectedId);
  const first = firstShown(selected, view.sessions.length, inside.rows);
  const shown = view.sessions.slice(first, first + inside.rows);
  const nameCols = nameColumns(view.sessions, inside.cols);
  const lines = shown.map((one) => {
    const line = rowOf(one, inside.cols, nameCols, view.now);
    return one.id === view.selectedId ? toned([span('▌'), ...line], 'chosen') : [span(' '), ...line];
  });
  const count = view.filter === '' ? `${view.total}` : `${view.sessions.length} of ${view.total}`;
  const below = view.sessions.length - first - shown.length;
  return boxed(lines.length > 0 ? lines : nothingToShow(view), {
    title: [span('sessions', 'bold'), span(` ${count}`, 'dim'), ...filterWords(view.filter)],
    foot: first > 0 || below > 0 ? [span(scrollWords(first, below), 'dim')] : [],
    width: cols,
    height: rows,
  });
}

/** The first line of a list that keeps the chosen one in sight, with some of those around it. */
export function firstShown(selected: number, total: number, rows: number): number {
  const middle = selected - Math.floor(rows / 2);
  return Math.max(0, Math.min(middle, total - rows));
}

function rowOf(one: BoardSession, cols: number, nameCols: number, now: number): Line {
  const [mark, tone] = marks[one.state];
  const stateCols = cols >= 56 ? 9 : 0;
  const age = column(ageText(one.activeAt, now).padStart(4), 4, 'dim');
  const queue = queueWords(one);
  const head: Line = [
    ...column(mark, 2, tone),
    ...column(one.name, nameCols, one.isUp ? 'bold' : 'dim'),
    span(' '),
    ...(stateCols > 0 ? [...column(one.state, stateCols, tone)] : []),
  ];
  const taken = 2 + nameCols + 1 + stateCols;
  const queueCols = queue.length === 0 ? 0 : 1 + queue.reduce((sum, { text }) => sum + cellsOf(text), 0);
  const told = Math.max(0, cols - 1 - taken - queueCols - 5);
  return [...head, ...fitted(toldWords(one), told), ...(queueCols > 0 ? [span(' '), ...queue] : []), span(' '), ...age];
}

/** What it asks, else what it waits for, else what was said last. */
function toldWords(one: BoardSession): Line {
  const more = one.questions > 1 ? ` (+${one.questions - 1})` : '';
  if (one.question) return [span(`${one.question.summary}${more}`, 'waiting')];
  if (one.why !== '') return [span(one.why, one.state === 'waiting' ? 'waiting' : 'dim')];
  return [span(one.said, one.state === 'busy' ? 'plain' : 'dim')];
}

function queueWords({ pending, stuck }: BoardSession): Line {
  return [...(pending > 0 ? [span(`+${pending}`, 'accent')] : []), ...(stuck > 0 ? [span(`!${stuck}`, 'error')] : [])];
}

function nameColumns(sessions: readonly BoardSession[], cols: number): number {
  const longest = Math.max(6, ...sessions.map(({ name }) => cellsOf(name)));
  return Math.min(longest, cols >= 56 ? 20 : 11);
}

function filterWords(filter: string): Line {
  return filter === '' ? [] : [span(' /', 'dim'), span(filter, 'accent')];
}

function scrollWords(above: number, below: number): string {
  return [above > 0 ? `↑${above}` : '', below > 0 ? `↓${below}` : ''].filter(Boolean).join(' ');
}

function nothingToShow({ total, filter }: ListView): Line[] {
  const words =
    total === 0
      ? ['', 'No session runs.', '', 'n starts one here;', '`claudex` in a project', 'folder does as well.']
      : ['', `None has "${filter}".`, '', 'Esc shows them all.'];
  return words.map((text) => [span(`  ${text}`, 'dim')]);
}

/** `now`, `5m`, `3h`, `2d`: nothing that changes more often than once a minute, because an idle board draws nothing. */
export function ageText(at: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - at) / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes}m`;
  return minutes < 1440 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`;
}
