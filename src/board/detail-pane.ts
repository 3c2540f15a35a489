/** The pane beside the list: the question of the chosen session, its screen, or the end of its conversation. Pure. */
import type { LastWord } from '../claude/transcript/last-words.ts';
import { cellsOf } from '../terminal/cell-width.ts';
import type { BoardSession } from './board-session.ts';
import type { Size } from './layout.ts';
import { boxed, type Line, type Span, span, type Tone, wrap } from './line.ts';
import { markOf } from './list-pane.ts';
import type { BoardAsk, BoardQuestion, Chosen } from './question-source.ts';
import type { Choosing } from './ui.ts';

export interface PaneView {
  session: BoardSession | undefined;
  /** The lines of its screen while the person peeks; undefined otherwise. */
  screen: readonly Line[] | undefined;
  words: readonly LastWord[];
  scroll: number | null;
  choosing: Choosing;
  /** The keys answer now. */
  isLive: boolean;
}

/** The lines that the pane would have, and which of them are in sight. */
export interface PaneContent {
  lines: Line[];
  first: number;
  /** The last line is in sight. */
  atEnd: boolean;
}

/** What is in the pane. A question is read from its beginning, a conversation and a screen from their end. */
export function paneContent(view: PaneView, { cols, rows }: Size): PaneContent {
  const inside = { cols: cols - 4, rows: rows - 2 };
  const lines = linesOf(view, inside);
  const last = Math.max(0, lines.length - inside.rows);
  const first = Math.max(0, Math.min(view.scroll ?? (view.session?.question ? 0 : last), last));
  return { lines, first, atEnd: first >= last };
}

/** The pane in its box. */
export function detailPane(view: PaneView, size: Size): Line[] {
  const { lines, first, atEnd } = paneContent(view, size);
  const shown = lines.slice(first, first + size.rows - 2);
  const { session } = view;
  const question = session?.question;
  const below = lines.length - first - shown.length;
  return boxed(
    shown.map((line) => [span(' '), ...line]),
    {
      title: session ? titleOf(session, view.screen !== undefined) : [span('nothing chosen', 'dim')],
      foot:
        question && !atEnd
          ? [span(`space: ${below} more ${below === 1 ? 'line' : 'lines'}`, 'warning')]
          : scrollFoot(first, below),
      width: size.cols,
      height: size.rows,
      tone: question ? 'waiting' : 'dim',
    },
  );
}

function titleOf(session: BoardSession, isScreen: boolean): Line {
  const [mark, tone] = markOf(session.state);
  const what = session.question ? ` ${kindWords[session.question.kind]}` : isScreen ? ' screen' : '';
  return [span(`${mark} `, tone), span(session.name, 'bold'), span(what, 'dim'), span(` ${session.folder}`, 'dim')];
}

const kindWords = { permission: 'asks for permission', question: 'asks', plan: 'has a plan' };

function scrollFoot(first: number, below: number): Line {
  if (first === 0 && below === 0) return [];
  return [span([first > 0 ? `↑${first}` : '', below > 0 ? `↓${below}` : ''].filter(Boolean).join(' '), 'dim')];
}

function linesOf(view: PaneView, { cols, rows }: Size): Line[] {
  const { session, screen } = view;
  if (!session) return [];
  if (session.question) return questionLines(session.question, view, cols);
  if (screen) return screen.slice(-Math.max(rows, screen.length));
  const words = view.words.flatMap((one, at) => wordLines(one, cols, view.words[at - 1]));
  return words.length > 0 ? words : emptyLines(session);
}

function emptyLines(session: BoardSession): Line[] {
  const words = session.isUp
    ? ['Nothing has been said yet.']
    : [`It is ${session.state}${session.why === '' ? '' : `: ${session.why}`}.`, '', 'Enter resumes it.'];
  return words.map((text) => [span(text, 'dim')]);
}

function wordLines({ who, text }: LastWord, cols: number, before: LastWord | undefined): Line[] {
  const gap: Line[] = before === undefined || (before.who === 'tool' && who === 'tool') ? [] : [[]];
  if (who === 'tool') return [...gap, [span('⏵ ', 'accent'), span(text.split('\n')[0]!, 'dim')]];
  const isPerson = who === 'person';
  return [...gap, ...hanging(span(isPerson ? '❯ ' : '  ', 'accent'), text, cols, isPerson ? 'bold' : 'plain')];
}

function questionLines(question: BoardQuestion, view: PaneView, cols: number): Line[] {
  const keys = (key: string, words: string): Line[] =>
    hanging(span(`${key} `, view.isLive ? 'accent' : 'dim'), words, cols);
  const head: Line[] = [[span(question.tool, 'warning')], []];
  if (question.onlyThere !== null) {
    const asked = question.kind === 'question' ? question.asks.map(({ text }) => text).join('\n') : question.shown;
    const why = wrap(`Enter: answer it there. ${question.onlyThere}`, cols).map((text): Line => [span(text, 'dim')]);
    return [...head, ...wrap(asked, cols).map((text): Line => [span(text)]), [], ...why];
  }
  if (question.kind === 'question') return [...head, ...askLines(question.asks, view, cols), ...keys('d', 'deny')];
  return [
    ...head,
    ...wrap(question.shown, cols).map((text): Line => [span(text)]),
    [],
    ...keys('a', 'approve'),
    ...question.suggestions.flatMap((text, at) => keys(String(at + 1), `always: ${text}`)),
    ...keys('d', 'deny'),
    ...keys('D', 'deny, and say why'),
  ];
}

function askLines(asks: readonly BoardAsk[], { choosing, isLive }: PaneView, cols: number): Line[] {
  const { done, picked } = choosing;
  return asks.flatMap((ask, at): Line[] => {
    const isNow = at === done.length;
    const key: Tone = isLive ? 'accent' : 'dim';
    const options = ask.options.flatMap(({ label, value, description }, option): Line[] => {
      const isChosen = chosenOf(isNow ? picked : done[at]).includes(value);
      const sign = span(isChosen ? '✓ ' : isNow ? `${option + 1} ` : '  ', isChosen ? 'idle' : key);
      return [
        ...hanging(sign, label, cols, at < done.length && !isChosen ? 'dim' : 'plain'),
        ...(description === '' ? [] : hanging(span('  '), description, cols, 'dim')),
      ];
    });
    const more: Line[] = [
      // before one is chosen, Enter attaches
      ...(isNow && ask.isMulti && picked.length > 0 ? [[span('⏎ ', key), span('done')]] : []),
      ...(isNow && ask.isMulti && picked.length === 0 ? [[span('  several may be chosen', 'dim')]] : []),
      ...(isNow ? [[span('t ', key), span('say something else')]] : []),
    ];
    return [...wrap(ask.text, cols).map((text): Line => [span(text, 'bold')]), ...options, ...more, []];
  });
}

/** Which options were chosen; none where the person has said something of their own. */
function chosenOf(chosen: Chosen | undefined): readonly string[] {
  return chosen === undefined || typeof chosen === 'string' ? [] : chosen;
}

/** A text behind a sign, its further lines as far in. */
function hanging(sign: Span, text: string, cols: number, tone: Tone = 'plain'): Line[] {
  const indent = ' '.repeat(cellsOf(sign.text));
  return wrap(text, cols - indent.length).map((line, at) => [at === 0 ? sign : span(indent), span(line, tone)]);
}
