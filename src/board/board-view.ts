/** Everything that is on the screen, from what is known and what the person has done. Pure. */
import { inertMs } from './answer-keys.ts';
import { footer, header, helpLines } from './bars.ts';
import { type BoardSession, hasScreen, matching } from './board-session.ts';
import { detailPane, type PaneView, paneContent } from './detail-pane.ts';
import type { KeyContext } from './keys.ts';
import { type Layout, layoutOf, type Size, smallest } from './layout.ts';
import { boxed, fitted, type Line, span } from './line.ts';
import { listPane } from './list-pane.ts';
import type { BoardUi } from './ui.ts';

/** What the board knows at one moment. */
export interface BoardNow {
  sessions: readonly BoardSession[];
  /** Why there is no news; null while there is. */
  trouble: string | null;
  words: (session: BoardSession) => PaneView['words'];
  /** The screen that the person peeks at. */
  screen: PaneView['screen'];
  /** Milliseconds since the epoch, and of the steady clock. */
  timeOfDay: number;
  steadyMs: number;
  folder: string;
}

export interface BoardPicture {
  header: Line;
  /** Undefined where the other one has the whole screen. */
  list: Line[] | undefined;
  pane: Line[] | undefined;
  isBeside: boolean;
  footer: Line;
}

/** The chosen session, and what keys may depend on. */
export function keyContext(ui: BoardUi, now: BoardNow, size: Size): KeyContext {
  const sessions = matching(now.sessions, ui.filter);
  const selected = sessions.find(({ id }) => id === ui.selectedId) ?? sessions[0];
  const layout = layoutOf(size);
  const content = paneContent(paneView(ui, now, selected), layout.pane);
  return {
    sessions,
    selected,
    layout,
    pane: { lines: content.lines.length, first: content.first },
    isLive: isLive(ui, selected, now.steadyMs),
    folder: now.folder,
  };
}

/**
 * The state after time or the world has gone on: somebody is chosen, and the question in the pane is known, with the moment
 * since which it stands there and whether its end has been in sight.
 */
export function settled(ui: BoardUi, now: BoardNow, size: Size): BoardUi {
  const { selected, layout } = keyContext(ui, now, size);
  const selectedId = selected?.id ?? null;
  const isSeen = layout.kind !== 'alone' || ui.isPaneOpen;
  const questionId = isSeen ? selected?.question?.id : undefined;
  if (questionId === undefined) {
    if (ui.shown === null) return selectedId === ui.selectedId ? ui : { ...ui, selectedId };
    // how far the question was read says nothing of what stands there now
    return { ...ui, selectedId, shown: null, scroll: null };
  }
  const isSame = ui.shown?.questionId === questionId;
  const fresh = isSame ? ui : { ...ui, scroll: null, choosing: { done: [], picked: [] } };
  const { atEnd } = paneContent(paneView(fresh, now, selected), layout.pane);
  const toEnd = atEnd || (isSame && ui.shown!.toEnd);
  if (isSame && ui.shown!.toEnd === toEnd && ui.selectedId === selectedId) return ui;
  return {
    ...fresh,
    selectedId,
    shown: { questionId, sinceSteadyMs: isSame ? ui.shown!.sinceSteadyMs : now.steadyMs, toEnd },
  };
}

/** The whole screen. */
export function picture(ui: BoardUi, now: BoardNow, size: Size): BoardPicture {
  const { cols, rows } = size;
  const context = keyContext(ui, now, size);
  const { sessions, selected, layout } = context;
  const live = context.isLive;
  const isAlone = layout.kind === 'alone';
  const head = header(now.sessions, now.trouble, cols);
  const foot = footer({ ui, selected, layout, isLive: live }, cols);
  if (cols < smallest.cols || rows < smallest.rows) {
    return { header: fitted([span('too small')], cols), list: [], pane: undefined, isBeside: false, footer: [] };
  }
  if (ui.help) return { header: head, list: helpBox(layout, size), pane: undefined, isBeside: false, footer: foot };
  return {
    header: head,
    list:
      isAlone && ui.isPaneOpen
        ? undefined
        : listPane(
            {
              sessions,
              total: now.sessions.length,
              selectedId: selected?.id ?? null,
              filter: ui.filter,
              now: now.timeOfDay,
            },
            layout.list,
          ),
    pane: isAlone && !ui.isPaneOpen ? undefined : detailPane(paneView(ui, now, selected), layout.pane),
    isBeside: layout.kind === 'beside',
    footer: foot,
  };
}

/** The picture as lines, one for each row of the terminal. */
export function pictureLines({ header: head, list, pane, isBeside, footer: foot }: BoardPicture): Line[] {
  const body =
    list && pane && isBeside
      ? list.map((line, at) => [...line, ...(pane[at] ?? [])])
      : [...(list ?? []), ...(pane ?? [])];
  return [head, ...body, foot];
}

function paneView(ui: BoardUi, now: BoardNow, session: BoardSession | undefined): PaneView {
  return {
    session,
    screen: ui.peek && session && hasScreen(session) ? now.screen : undefined,
    words: session ? now.words(session) : [],
    scroll: ui.scroll,
    choosing: ui.choosing,
    isLive: isLive(ui, session, now.steadyMs),
  };
}

function isLive({ shown }: BoardUi, selected: BoardSession | undefined, steadyMs: number): boolean {
  return (
    shown !== null &&
    shown.questionId === selected?.question?.id &&
    shown.toEnd &&
    steadyMs - shown.sinceSteadyMs >= inertMs
  );
}

function helpBox(layout: Layout, { cols, rows }: Size): Line[] {
  const title = [span('keys', 'bold')];
  const inside = layout.kind === 'alone' || cols < 60 ? cols : 60;
  const lines = helpLines(inside - 4).map((line): Line => [span(' '), ...line]);
  return boxed(lines, {
    title,
    foot: [span('any key goes back', 'dim')],
    width: inside,
    height: Math.min(rows - 2, lines.length + 2),
  })
    .concat(Array.from({ length: Math.max(0, rows - 4 - lines.length) }, () => []))
    .slice(0, rows - 2);
}
