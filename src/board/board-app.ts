/** The board as ink draws it: two bars, and the panes between them. Each is drawn anew only when its text has changed. */
import { Box, type Key as InkKey, Text, useInput } from 'ink';
import { createElement, memo, type ReactNode, useMemo, useSyncExternalStore } from 'react';
import type { Board } from './board.ts';
import type { BoardPicture } from './board-view.ts';
import { type Line, paint } from './line.ts';
import type { Key } from './ui.ts';

const Block = memo(function Block({ text }: { text: string }): ReactNode {
  return createElement(Text, { wrap: 'truncate' }, text);
});

/** The whole board. `colours`: false with NO_COLOR. */
export function BoardApp({ board, colours }: { board: Board; colours: boolean }): ReactNode {
  const { subscribe, current } = useMemo(() => storeOf(board, colours), [board, colours]);
  const { header, list, pane, isBeside, footer, cols, rows } = useSyncExternalStore(subscribe, current);
  useInput((text, key) => {
    const known = keyOf(text, key);
    if (known) board.key(known);
  });
  const block = (text: string | undefined): ReactNode => text !== undefined && createElement(Block, { text });
  return createElement(
    Box,
    { flexDirection: 'column', width: cols, height: rows, overflow: 'hidden' },
    block(header),
    createElement(
      Box,
      { flexDirection: isBeside ? 'row' : 'column', height: Math.max(1, rows - 2), overflow: 'hidden' },
      block(list),
      block(pane),
    ),
    block(footer),
  );
}

/** The picture as ink is given it. */
interface Frame {
  header: string;
  list: string | undefined;
  pane: string | undefined;
  footer: string;
  isBeside: boolean;
  cols: number;
  rows: number;
}

/** The same frame for as long as nothing in it has changed: ink then draws nothing. */
function storeOf(
  board: Board,
  colours: boolean,
): { subscribe: (onDrawn: () => void) => () => void; current: () => Frame } {
  const text = (lines: readonly Line[]): string => lines.map((line) => paint(line, { colours })).join('\n');
  const frameOf = ({ header, list, pane, isBeside, footer }: BoardPicture): Frame => {
    const panes = { list: list && text(list), pane: pane && text(pane) };
    return { header: text([header]), ...panes, footer: text([footer]), isBeside, ...board.size };
  };
  let picture = board.picture;
  let frame = frameOf(picture);
  return {
    subscribe: (onDrawn) => {
      board.drawn.add(onDrawn);
      return () => board.drawn.remove(onDrawn);
    },
    current: () => {
      if (picture === board.picture) return frame;
      picture = board.picture;
      const next = frameOf(picture);
      const isSame = Object.entries(next).every(([part, value]) => frame[part as keyof Frame] === value);
      if (!isSame) frame = next;
      return frame;
    },
  };
}

const names = {
  upArrow: 'up',
  downArrow: 'down',
  pageUp: 'pageUp',
  pageDown: 'pageDown',
  home: 'home',
  end: 'end',
  return: 'return',
  escape: 'escape',
  tab: 'tab',
  backspace: 'backspace',
  delete: 'backspace',
} as const;

/** A key of ink's as the board knows it; undefined for those that it does not know. */
export function keyOf(text: string, key: InkKey): Key | undefined {
  for (const [name, known] of Object.entries(names))
    if (key[name as keyof typeof names]) return { text: '', name: known };
  if (key.ctrl) return { text, name: 'ctrl' };
  if (key.meta || text === '') return undefined;
  // a line end within what was pasted
  const typed = text.replace(/\r\n?/g, '\n').replace(/[\x00-\x09\x0b-\x1f\x7f]/g, '');
  return typed === '' ? undefined : { text: typed, name: null };
}
