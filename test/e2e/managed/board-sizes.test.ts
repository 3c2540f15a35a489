/** The board with several real sessions, at three sizes of its terminal, driven by keys; twelve of them in `npm run test:soak`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../../src/terminal/cell-width.ts';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { repetitions } from '../../support/repetition.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const all = 'billing reports web api auth docs etl gateway mobile nightly reviewer search'.split(' ');

describe(`claudex board with several sessions, claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();
  const footer = (screen: string): string => screen.split('\n').at(-1)!;

  /** Every row is there, and no box is broken. */
  async function fits(board: PtyDriver, cols: number, rows: number): Promise<void> {
    board.resize(cols, rows);
    const screen = await board.waitForScreen((now) => {
      const lines = now.split('\n');
      const hasBox = lines[1]!.length === cols && /^╭─ sessions .*╮$/.test(lines[1]!);
      return lines.length === rows && hasBox && footer(now).includes('? help  q quit');
    });
    const boxes = screen.split('\n').slice(1, -1);
    for (const line of boxes) expect(cellsOf(line), line).toBe(cols);
    for (const line of boxes) expect(line, line).toMatch(/^[╭│╰].*[╮│╯]$/);
  }

  /** Reads the question in the pane to its end, until its keys answer. */
  async function readOn(board: PtyDriver, key: string): Promise<void> {
    for (;;) {
      const screen = await board.waitForScreen(
        (now) => footer(now).includes(key) || footer(now).includes('space read'),
      );
      if (footer(screen).includes(key)) return;
      board.type(' ');
      const hasMoved = (now: string): boolean => now !== screen;
      await board.waitForScreen(hasMoved);
    }
  }

  it(`shows who waits at each size, and its keys answer what was read ${verifies('board-answers')}`, async () => {
    const names = all.slice(0, repetitions(3, 12));
    const home = bed.home({ cwdNames: names });
    const api = await bed.api(scriptedTools);
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const claudex = async (...args: string[]): Promise<void> => {
      expect(await runClaudex(args, { env, cwd: home.cwd }), args.join(' ')).toMatchObject({ code: 0 });
    };
    for (const name of names) {
      await claudex('start', home.dir(name), '--name', name, '--', '--permission-mode', 'default');
      bed.defer(async () => void (await runClaudex(['stop', name, '--now'], { env, cwd: home.cwd })));
    }
    const options = ['Half up', 'Bankers'].map((label) => ({ label, description: `as the ${label} ledger does` }));
    const questions = [{ question: 'Which rounding?', header: 'Rounding', multiSelect: false, options }];
    const file = join(home.dir('web'), 'index.html');
    const made = join(home.dir('billing'), 'made');
    await claudex('send', 'billing', callsTool('Bash', { command: `touch ${made}`, description: 'Make it' }));
    await claudex('send', 'reports', callsTool('AskUserQuestion', { questions }));
    await claudex('send', 'web', callsTool('Write', { file_path: file, content: `${'<p>漢字 🎉</p>\n'.repeat(9)}` }));

    const board = startClaudex(['board'], { cwd: home.cwd, env, cols: 160, rows: 45 });
    await board.waitForScreen(/◆ 3 waiting/);
    for (const [cols, rows] of [
      [40, 20],
      [80, 24],
      [160, 45],
    ] as const) {
      await fits(board, cols, rows);
      const list = board.screen().split('\n').slice(2, 5).join('\n');
      for (const asked of ['billing', 'reports', 'web']) expect(list).toContain(`◆ ${asked}`);
    }
    board.type('/');
    await board.waitForScreen((screen) => footer(screen).startsWith(' / '));
    board.type('rounding');
    await board.waitForScreen(`sessions 1 of ${names.length} /rounding`);
    board.key('esc');
    await board.waitForScreen((screen) => screen.includes(`╭─ sessions ${names.length} ─`));
    board.type('?');
    await board.waitForScreen('any key goes back');
    board.type('g');
    await board.waitForScreen((screen) => !screen.includes('any key goes back'));

    board.type('g');
    await board.waitForScreen('▌◆ billing');
    await readOn(board, 'a approve');
    board.type('a');
    await board.waitForScreen('billing: approved');
    await until(() => existsSync(made));

    board.type('g');
    await board.waitForScreen('▌◆ reports');
    await fits(board, 80, 24);
    await readOn(board, '1-9 choose');
    board.type('2');
    await board.waitForScreen('reports: answered');
    await until(() =>
      api.requests.some(({ isToolResult, body }) => isToolResult && /=.{0,3}Bankers/.test(JSON.stringify(body))),
    );

    board.type('g');
    await board.waitForScreen('▌◆ web');
    await fits(board, 40, 20);
    board.type('p');
    await readOn(board, 'a approve');
    board.type('D');
    await board.waitForScreen('Why not?');
    board.type('not now');
    // a line end that comes with it would be one of a paste
    await board.waitForScreen('not now');
    board.key('enter');
    await board.waitForScreen('web: denied');
    expect(existsSync(file)).toBe(false);
    board.type('q');
    expect(await board.waitForExit()).toEqual({ code: 0, signal: null });
  });
});
