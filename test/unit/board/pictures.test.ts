/** What the board looks like, as text; three whole screens are in docs/board.md and compared by docs-match-code. */
import { describe, expect, it } from 'vitest';
import { absentSession, boardSession } from '../../../src/board/board-session.ts';
import { picture, pictureLines, settled } from '../../../src/board/board-view.ts';
import { paint, widthOf, wrap } from '../../../src/board/line.ts';
import { ageText } from '../../../src/board/list-pane.ts';
import { screenLines } from '../../../src/board/screen-lines.ts';
import { firstUi } from '../../../src/board/ui.ts';
import { verifies } from '../../requirements.ts';
import { aBoardSession, aMoment, aQuestion, screenText } from '../../support/board-scene.ts';
import { aRecord } from '../../support/daemon-stand-in.ts';

const hostile = '\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u202c\u200b\r\nnext\tline\x9b2J 🎉 漢字';

describe('pictures of the board', () => {
  it.each([
    [40, 16],
    [80, 24],
    [130, 22],
    [200, 60],
    [23, 7],
    [300, 10],
  ])('%i × %i: every line is exactly as wide as the terminal, and there are as many as rows', (cols, rows) => {
    const sessions = Array.from({ length: 60 }, (_, at) =>
      aBoardSession({
        id: `s${at}`,
        name: `漢字-${at}-with-a-long-name`,
        said: '🎉 done, and much more than fits into one line '.repeat(4),
      }),
    );
    for (const ui of [
      firstUi,
      { ...firstUi, help: true },
      { ...firstUi, isPaneOpen: true },
      { ...firstUi, typing: { for: 'start' as const, text: '漢'.repeat(200) } },
    ]) {
      const lines = pictureLines(picture(ui, aMoment({ sessions }), { cols, rows }));
      expect(lines).toHaveLength(rows);
      const full = ui.help ? [lines[0]!, lines.at(-1)!] : lines;
      expect(new Set(full.map(widthOf))).toEqual(new Set([cols]));
    }
  });

  it('an empty board says how to begin', () => {
    expect(screenText({ cols: 60, rows: 12 }, {}, aMoment({ sessions: [] }))).toContain('n starts one here');
  });

  it('a daemon that is away is said above', () => {
    expect(
      screenText({ cols: 100, rows: 12 }, {}, aMoment({ trouble: 'The daemon has gone.' })).split('\n')[0],
    ).toContain('The daemon has gone.');
  });

  it('a long question says that there is more of it', () => {
    const question = aQuestion({ shown: 'x\n'.repeat(100) });
    const moment = aMoment({ sessions: [aBoardSession({ id: 'a', question, state: 'waiting' })] });
    const text = screenText({ cols: 120, rows: 20 }, {}, moment);
    expect(text).toMatch(/space: \d+ more lines/);
    expect(text.split('\n').at(-1)).not.toContain('approve');
    expect(text.split('\n').at(-1)).toMatch(/^ space read on /);
    const narrow = { cols: 40, rows: 16 };
    expect(screenText(narrow, {}, moment).split('\n').at(-1)).toMatch(/^ p read it /);
    expect(screenText(narrow, { isPaneOpen: true }, moment).split('\n').at(-1)).toMatch(/^ space read on {2}p back /);
  });

  it('where several may be chosen, Enter is said to be the end once one is chosen, and to attach before', () => {
    const options = ['Red', 'Green'].map((label) => ({ label, value: label, description: '' }));
    const question = aQuestion({ kind: 'question', asks: [{ text: 'Which colours?', options, isMulti: true }] });
    const moment = aMoment({ sessions: [aBoardSession({ id: 'a', question, state: 'waiting' })] });
    const size = { cols: 120, rows: 20 };
    const before = screenText(size, {}, moment);
    expect(before).toContain('several may be chosen');
    expect(before).not.toContain('⏎ done');
    expect(before.split('\n').at(-1)).toContain('⏎ attach');
    const ui = settled(firstUi, { ...moment, steadyMs: moment.steadyMs - 10_000 }, size);
    const chosen = { ...ui, choosing: { done: [], picked: ['Green'] } };
    const shown = pictureLines(picture(chosen, moment, size))
      .map((line) => line.map(({ text }) => text).join(''))
      .join('\n');
    expect(shown).toContain('✓ Green');
    expect(shown.split('\n').at(-1)).toContain('⏎ done');
    expect(shown).not.toContain('attach');
  });

  it('without colours no colour is written', () => {
    const lines = pictureLines(picture(firstUi, aMoment(), { cols: 100, rows: 24 }));
    const codes = lines.flatMap((line) =>
      [...paint(line, { colours: false }).matchAll(/\x1b\[([\d;]*)m/g)].flatMap(([, code]) => code!.split(';')),
    );
    expect([...new Set(codes)].sort()).toEqual(['0', '1', '7']);
  });

  it('ages change once a minute at most', () => {
    expect([0, 59_999, 60_000, 3_600_000, 90_000_000].map((ms) => ageText(0, ms))).toEqual([
      'now',
      'now',
      '1m',
      '1h',
      '1d',
    ]);
  });

  it('words are broken between words, and long ones within', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('漢字漢字', 4)).toEqual(['漢字', '漢字']);
  });
});

describe(`what others wrote ${verifies('board-safe')}`, () => {
  const beside = { said: '', questions: [], home: '/home/ada' };

  it('names, folders and reasons hold nothing that acts on a terminal', () => {
    const live = boardSession(
      aRecord({ id: 'a', alias: hostile, cwd: `/home/ada/${hostile}`, waitingFor: hostile, state: 'waiting' }),
      undefined,
      beside,
    );
    const absent = absentSession(
      {
        id: 'b',
        name: hostile,
        cwd: hostile,
        state: 'crashed',
        since: '2026-11-27T12:00:00.000Z',
        exit: { reason: hostile, code: 1, signal: null, at: 0 },
      } as never,
      beside,
    );
    const text = screenText({ cols: 120, rows: 20 }, {}, aMoment({ sessions: [live, absent] }));
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]/);
    expect(live.name).toBe('red gnp.exe next line 🎉 漢字');
  });

  it('of a screen only its colours are kept', () => {
    const lines = screenLines('\x1b[1;32mok\x1b[0m \x1b[2J\x1b]52;c;aGk=\x07plain\x1b[?1049l\r\n\x1b[38;5;9mred', {
      colours: true,
    });
    expect(lines.map((line) => paint(line, { colours: true }))).toEqual([
      '\x1b[1;32mok\x1b[0m plain',
      '\x1b[38;5;9mred\x1b[0m',
    ]);
    expect(screenLines('one\x1b[Ctwo\x1b[3Cthree', { colours: true })).toEqual([
      [{ text: 'one two   three', tone: 'plain' }],
    ]);
    expect(screenLines('\x1b[31mred', { colours: false })).toEqual([[{ text: 'red', tone: 'plain' }]]);
  });
});
