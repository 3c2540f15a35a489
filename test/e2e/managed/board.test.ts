/** The board beside the real claude: it answers, gives its terminal to a session, and has it back. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { promptBox } from '../../support/real-claude.ts';
import { callsTool, says, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

describe(`claudex board, claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`approves what a session asks, attaches so that every key is the session's, and comes back ${verifies('board-answers')}`, async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const claudex = (...args: string[]) => runClaudex(args, { env, cwd: home.cwd });
    await claudex('start', '.', '--name', 'api', '--', '--permission-mode', 'default');
    bed.defer(async () => void (await claudex('stop', 'api', '--now')));
    const board = startClaudex(['board'], { cwd: home.cwd, env, cols: 120, rows: 30 });
    await board.waitForScreen((screen) => /○ api +idle/.test(screen));
    const made = join(home.root, 'made');
    await claudex('send', 'api', callsTool('Bash', { command: `touch ${made}`, description: 'Make a file' }));
    await board.waitForScreen((screen) => screen.includes(`touch ${made}`) && /^ a approve/m.test(screen));
    expect(existsSync(made)).toBe(false);
    board.type('a');
    await board.waitForScreen(/api: approved/);
    await until(() => existsSync(made));
    await claudex('send', 'api', says('all of it is green'));
    await board.waitForScreen((screen) => /○ api +idle +all of it is green/.test(screen));
    for (const word of ['one', 'two', 'three']) {
      board.key('enter');
      await board.waitForScreen((screen) => promptBox(screen) !== undefined && !screen.includes('╭─ sessions'));
      for (const letter of word) board.type(letter);
      await board.waitForScreen((screen) => promptBox(screen) === word);
      board.key('ctrl-u');
      await board.waitForScreen((screen) => promptBox(screen) !== word);
      board.key('ctrl-\\');
      await board.waitForScreen((screen) => screen.includes('╭─ sessions') && screen.includes('Detached'));
    }
    board.type('q');
    expect(await board.waitForExit()).toEqual({ code: 0, signal: null });
  });
});
