/** The lines above and below the panes: how many there are of what, and what the keys do now. Pure. */
import { type BoardSession, hasScreen } from './board-session.ts';
import type { Layout } from './layout.ts';
import { column, fitted, type Line, type Span, span, widthOf } from './line.ts';
import { markOf } from './list-pane.ts';
import type { BoardUi } from './ui.ts';

/** How many sessions are in which state, and how many messages wait. */
export function header(sessions: readonly BoardSession[], trouble: string | null, cols: number): Line {
  const count = (isIn: (one: BoardSession) => boolean): number => sessions.filter(isIn).length;
  const waiting = count(({ state, question }) => state === 'waiting' || question !== undefined);
  const busy = count(({ state }) => state === 'busy' || state === 'starting' || state === 'running');
  const idle = count(({ state }) => state === 'idle');
  const away = sessions.length - waiting - busy - idle;
  const queued = sessions.reduce((sum, { pending }) => sum + pending, 0);
  const isShort = cols < 60;
  const part = (state: 'waiting' | 'busy' | 'idle' | 'sleeping', many: number): Line => {
    const [mark, tone] = markOf(state);
    const word = isShort ? '' : ` ${state === 'sleeping' ? 'away' : state}`;
    return many === 0 ? [] : [span(`  ${mark} ${many}${word}`, tone)];
  };
  const left: Line = [
    span(' claudex', 'bold'),
    ...part('waiting', waiting),
    ...part('busy', busy),
    ...part('idle', idle),
    ...part('sleeping', away),
  ];
  const right: Line = [
    ...(trouble !== null ? [span(trouble, 'error')] : []),
    ...(queued > 0 && trouble === null ? [span(`+${queued}${isShort ? '' : ' queued'}`, 'accent')] : []),
    span(' '),
  ];
  const gap = cols - widthOf(left) - widthOf(right);
  return fitted(
    gap > 0 ? [...left, span(' '.repeat(gap)), ...right] : trouble !== null ? [span(' '), ...right] : left,
    cols,
  );
}

export interface FooterView {
  ui: BoardUi;
  selected: BoardSession | undefined;
  layout: Layout;
  isLive: boolean;
}

/** What is being typed or asked, what has just been done, else the keys. */
export function footer(view: FooterView, cols: number): Line {
  const { typing, stopping, notice } = view.ui;
  if (typing) return typingLine(typing, cols);
  if (stopping)
    return fitted(
      [span(` Stop ${stopping.name} after its turn?  `, 'warning'), ...key('y', 'yes'), ...key('n', 'no')],
      cols,
    );
  if (notice) return fitted([span(` ${notice.text}`, notice.isError ? 'error' : 'idle')], cols);
  return keysLine(keysOf(view), cols);
}

const prompts = { filter: '/', send: '', start: 'Start in', reason: 'Why not?', reply: 'Answer' };

function typingLine(typing: NonNullable<BoardUi['typing']>, cols: number): Line {
  const prompt = typing.for === 'send' ? `To ${typing.name}` : prompts[typing.for];
  const head: Line = [span(` ${prompt} `, 'accent'), ...(typing.for === 'filter' ? [] : [span('❯ ', 'accent')])];
  const room = cols - widthOf(head) - 1;
  const letters = [...typing.text.replaceAll('\n', '⏎')];
  // the end is where the person types
  let from = 0;
  while (from < letters.length && widthOf([span(letters.slice(from).join(''))]) >= room) from++;
  return fitted(
    [...head, span(`${from > 0 ? '…' : ''}${letters.slice(from > 0 ? from + 1 : 0).join('')}`), span('▏', 'accent')],
    cols,
  );
}

function keysOf({ selected, ui, layout, isLive }: FooterView): Line[] {
  const question = selected?.question;
  const answers: Line[] =
    !question || !isLive || question.onlyThere !== null
      ? []
      : question.kind === 'question'
        ? [key('1-9', 'choose'), key('t', 'say'), key('d', 'deny')]
        : [key('a', 'approve'), key('d', 'deny'), ...(question.suggestions.length > 0 ? [key('1-9', 'always')] : [])];
  const isPicking = answers.length > 0 && ui.choosing.picked.length > 0;
  const isOpen = ui.peek || ui.isPaneOpen;
  const isHidden = layout.kind === 'alone' && !ui.isPaneOpen;
  // its keys answer once it has been in sight to its end
  const isCut = ui.shown !== null && !ui.shown.toEnd;
  return [
    ...answers,
    ...(question && !isLive && isHidden ? [key('p', 'read it')] : []),
    ...(question && isCut && !isHidden ? [key('space', 'read on')] : []),
    ...(question && layout.kind === 'alone' && ui.isPaneOpen ? [key('p', 'back')] : []),
    ...(selected ? [key('⏎', isPicking ? 'done' : selected.isUp ? 'attach' : 'resume')] : []),
    ...(selected && !question && (hasScreen(selected) || layout.kind === 'alone')
      ? [key('p', isOpen ? 'back' : 'peek')]
      : []),
    ...(selected ? [key('s', 'send')] : []),
    key('n', 'start'),
    ...(selected?.isManaged && selected.isUp ? [key('x', 'stop')] : []),
    key('/', 'filter'),
    key('?', 'help'),
    key('q', 'quit'),
  ];
}

function key(name: string, does: string): Line {
  return [span(name, 'accent'), span(` ${does}`, 'dim'), span('  ')];
}

/** As many as fit; `?` and `q` are always among them. */
function keysLine(keys: readonly Line[], cols: number): Line {
  const last = keys.slice(-2);
  const lastCols = last.reduce((sum, one) => sum + widthOf(one), 0);
  const kept: Span[] = [span(' ')];
  for (const one of keys.slice(0, -2)) {
    if (widthOf(kept) + widthOf(one) + lastCols > cols) break;
    kept.push(...one);
  }
  return fitted([...kept, ...last.flat()], cols);
}

/** Every key, for `?`. */
export const helpRows: ReadonlyArray<readonly [keys: string, does: string]> = [
  ['j k ↑ ↓', 'choose a session; g G first, last'],
  ['Tab', 'the next one that waits for you'],
  ['Enter', 'attach to it; Ctrl-\\ comes back here'],
  ['p', 'peek: its screen, or its conversation'],
  ['Space J K', 'scroll what is beside the list'],
  ['a', 'approve what it asks'],
  ['1-9', 'approve always; choose an answer'],
  ['d D', 'deny; deny and say why'],
  ['t', 'answer in your own words'],
  ['s', 'send it a message'],
  ['n', 'start a session'],
  ['x', 'stop a managed session'],
  ['/', 'filter; Esc shows all again'],
  ['q Ctrl-C', 'quit; Ctrl-Z suspends'],
];

/** The page of keys. */
export function helpLines(cols: number): Line[] {
  return helpRows.map(([keys, does]) => fitted([...column(keys, 11, 'accent'), span(does)], cols));
}
