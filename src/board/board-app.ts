/** The board as ink draws it: two bars, and the panes between them. Each is drawn anew only when its text has changed. */
import { Box, type Key as InkKey, Text, useInput } from 'ink';
import { createElement, memo, type ReactNode, useMemo, useSyncExternalStore } from 'react';
import type { Board } from './board.ts';
import { type Line, paint } from './line.ts';
import type { Key } from './ui.ts';

const Block = memo(function Block({ text }: { text: string }): ReactNode {
  return createElement(Text, { wrap: 'truncate' }, text);
});

/** The whole board. `colours`: false with NO_COLOR. */
export function BoardApp({ board, colours }: { board: Board; colours: boolean }): ReactNode {
  const { subscribe, current } = useMemo(() => storeOf(board), [board]);
  const { header, list, pane, isBeside, footer } = useSyncExternalStore(subscribe, current);
  useInput((text, key) => {
    const known = keyOf(text, key);
    if (known) board.key(known);
  });
  const block = (lines: readonly Line[] | undefined): ReactNode =>
    lines && createElement(Block, { text: lines.map((line) => paint(line, { colours })).join('\n') });
  const { cols, rows } = board.size;
  return createElement(
    Box,
    { flexDirection: 'column', width: cols, height: rows, overflow: 'hidden' },
    block([header]),
    createElement(
      Box,
      { flexDirection: isBeside ? 'row' : 'column', height: Math.max(1, rows - 2), overflow: 'hidden' },
      block(list),
      block(pane),
    ),
    block([footer]),
  );
}

function storeOf(board: Board): { subscribe: (onDrawn: () => void) => () => void; current: () => Board['picture'] } {
  let listener: (() => void) | undefined;
  board.drawn.add(() => listener?.());
  return {
    subscribe: (onDrawn) => {
      listener = onDrawn;
      return () => {
        listener = undefined;
      };
    },
    current: () => board.picture,
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
