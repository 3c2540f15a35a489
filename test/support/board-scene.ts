/** A day at work as the board sees it: for the pictures in docs/board.md, and for tests of what is drawn and of what keys do. */
import { type BoardSession, inOrder } from '../../src/board/board-session.ts';
import { type BoardNow, picture, pictureLines, settled } from '../../src/board/board-view.ts';
import type { Size } from '../../src/board/layout.ts';
import type { BoardQuestion } from '../../src/board/question-source.ts';
import { type BoardUi, firstUi } from '../../src/board/ui.ts';

const now = Date.parse('2026-11-27T15:00:00.000Z');

/** A session that is idle, with what a test cares for. */
export function aBoardSession(given: Partial<BoardSession> & { id: string }): BoardSession {
  const questions = given.question ? 1 : 0;
  return {
    name: given.id,
    folder: `~/work/${given.id}`,
    state: 'idle',
    why: '',
    runBy: 'claudex',
    isManaged: false,
    isUp: true,
    pending: 0,
    stuck: 0,
    activeAt: now - 120_000,
    transcriptPath: null,
    said: '',
    question: undefined,
    questions,
    ...given,
  };
}

/** A permission to run a command, with what a test cares for. */
export function aQuestion(given: Partial<BoardQuestion> = {}): BoardQuestion {
  return {
    id: 'q1',
    sessionId: 'billing',
    kind: 'permission',
    tool: 'Bash',
    summary: 'Bash: bin/migrate --to 214 --database staging',
    shown: 'bin/migrate --to 214 --database staging',
    suggestions: ['Bash(bin/migrate:*)'],
    asks: [],
    onlyThere: null,
    ...given,
  };
}

/** Twelve sessions, two of which ask. */
export const daySessions: readonly BoardSession[] = inOrder([
  aBoardSession({ id: 'billing', state: 'waiting', question: aQuestion(), activeAt: now - 6 * 60_000 }),
  aBoardSession({
    id: 'reports',
    state: 'waiting',
    why: 'permission (Edit)',
    question: aQuestion({
      id: 'q2',
      sessionId: 'reports',
      tool: 'Edit',
      summary: 'Edit: src/report/totals.ts',
      shown: 'src/report/totals.ts\n\n- const total = sum(rows);\n+ const total = sum(rows.filter(isBooked));',
    }),
    activeAt: now - 54 * 60_000,
  }),
  aBoardSession({ id: 'api', said: 'The migration check passes: 214 of 214.', activeAt: now - 20_000 }),
  aBoardSession({
    id: 'auth',
    state: 'busy',
    said: 'Bash npx vitest run session',
    pending: 3,
    activeAt: now - 32_000,
  }),
  aBoardSession({
    id: 'docs',
    said: 'Done. The README has the new section, with an example for each flag.',
    pending: 2,
  }),
  aBoardSession({
    id: 'etl',
    said: 'Three tests fail; the cause is the rounding of yen.',
    runBy: 'bare',
    activeAt: now - 42 * 60_000,
  }),
  aBoardSession({ id: 'gateway', state: 'busy', said: 'Read src/gateway/limits.ts', activeAt: now - 5_000 }),
  aBoardSession({
    id: 'mobile',
    said: 'I have moved the retry into the client.',
    stuck: 1,
    activeAt: now - 24 * 60_000,
  }),
  aBoardSession({
    id: 'reviewer',
    isManaged: true,
    runBy: 'host',
    state: 'busy',
    said: 'Reading the diff of #214.',
    activeAt: now - 1_000,
  }),
  aBoardSession({ id: 'web', said: 'The page loads in 1.2 s now, 3.9 s before.', activeAt: now - 3 * 3_600_000 }),
  aBoardSession({
    id: 'nightly',
    isManaged: true,
    runBy: 'host',
    isUp: false,
    state: 'sleeping',
    activeAt: now - 7_200_000,
  }),
  aBoardSession({
    id: 'import',
    isManaged: true,
    runBy: 'host',
    isUp: false,
    state: 'crashed',
    why: 'claude exited with code 1 four times',
    activeAt: now - 26 * 3_600_000,
  }),
]);

/** What the board knows in that scene. */
export function aMoment(given: Partial<BoardNow> = {}): BoardNow {
  return {
    sessions: daySessions,
    trouble: null,
    words: (session) => [
      { who: 'person', text: 'Rerun the migration check and tell me what fails.' },
      { who: 'tool', text: 'Bash bin/migrate --check' },
      { who: 'claude', text: session.said },
    ],
    screen: undefined,
    timeOfDay: now,
    steadyMs: 100_000,
    folder: '~/work',
    ...given,
  };
}

/** The screen as text, without colours, after the person has looked at it for a while. */
export function screenText(size: Size, given: Partial<BoardUi> = {}, moment: BoardNow = aMoment()): string {
  const ui = settled({ ...firstUi, ...given }, { ...moment, steadyMs: moment.steadyMs - 10_000 }, size);
  const lines = pictureLines(picture(ui, moment, size));
  return lines
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
