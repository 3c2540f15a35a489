/** Ctrl-Z and fg through claudex, in a shell with job control, as with bare claude. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { claudexBin } from '../../support/claudex.ts';
import { sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { childPids } from '../../support/processes.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { expectOnce, promptBox, waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe(`suspending claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  /** A shell with job control, in it claude through claudex, with an empty prompt box; `first` runs before. */
  async function start(first = ''): Promise<{ home: HermeticHome; shell: PtyDriver }> {
    const home = bed.home();
    const env = home.env(await bed.api(), {
      CLAUDEX_CLAUDE_BIN: realClaudePath(),
      PS1: 'shell> ',
      NODE: process.execPath,
    });
    const shell = startInPty('bash', ['--norc', '--noprofile', '-i'], { cwd: home.cwd, env });
    await shell.waitForScreen('shell>');
    shell.write(`${first}"$NODE" '${claudexBin}'\r`);
    await waitForPromptBox(shell);
    return { home, shell };
  }

  /** Ends claude, whose prompt box is empty, then the shell; `last` runs in between. */
  async function leave(shell: PtyDriver, last = ''): Promise<void> {
    shell.key('ctrl-c');
    await shell.waitForScreen(/again to exit/);
    shell.key('ctrl-c');
    await shell.waitForScreen((screen) => screen.trimEnd().endsWith('shell>'));
    shell.write(`${last}exit\r`);
    await shell.exit;
  }

  it('gives the shell its terminal back on Ctrl-Z, and fg brings claude back with its draft', async () => {
    const { home, shell } = await start('stty -a > before; ');
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    shell.type('half a draft');
    await shell.waitForScreen((screen) => promptBox(screen) === 'half a draft');
    shell.write(Buffer.from([0x1a]));
    await shell.waitForScreen(/Stopped[\s\S]*shell>/);
    shell.write(Buffer.from('stty -a > during; echo the shell is $((40 + 2))\r'));
    await shell.waitForScreen('the shell is 42');
    expect(readFileSync(join(home.cwd, 'during'), 'utf8')).toBe(readFileSync(join(home.cwd, 'before'), 'utf8'));
    shell.write(Buffer.from('fg\r'));
    await shell.waitForScreen((screen) => promptBox(screen) === 'half a draft');
    for (let count = 0; count < 'half a draft'.length; count++) shell.key('backspace');
    await shell.waitForScreen((screen) => promptBox(screen) === '');
    const id = await sendMessage(home, [session.id, 'after fg']);
    await waitForMessage(home, id, ['answered']);
    await expectOnce(home, id);
    // a Ctrl-C before that would end what is left of the turn
    await waitForSessionRecord(home, (one) => one.state === 'idle');
    await leave(shell, 'stty -a > after; ');
    expect(readFileSync(join(home.cwd, 'after'), 'utf8')).toBe(readFileSync(join(home.cwd, 'before'), 'utf8'));
  });

  it(`knows Ctrl-Z in every way that a terminal writes it ${verifies('suspend')}`, async () => {
    const { shell } = await start();
    let draft = '';
    // kitty; with Num Lock, Caps Lock, Shift; modifyOtherKeys; with Shift
    for (const keys of ['122;5u', '122;133u', '122;69u', '122;6u', '27;5;122~', '27;6;90~']) {
      draft += 'x';
      shell.type('x');
      await shell.waitForScreen((screen) => promptBox(screen) === draft);
      shell.write(`\x1b[${keys}`);
      await shell.waitForScreen(/Stopped[\s\S]*shell>/);
      shell.write('clear\r');
      await shell.waitForScreen((screen) => screen.trim() === 'shell>');
      shell.write('fg\r');
      await shell.waitForScreen((screen) => promptBox(screen) === draft);
    }
    shell.key('ctrl-u');
    await shell.waitForScreen((screen) => promptBox(screen) === '');
    await leave(shell);
  });

  it.each(['SIGTSTP', 'SIGSTOP'] as const)(
    `kill -%s of claudex stops both, and fg brings claude back with its draft ${verifies('suspend')}`,
    async (signal) => {
      const { shell } = await start();
      shell.type('half a draft');
      await shell.waitForScreen((screen) => promptBox(screen) === 'half a draft');
      process.kill(childPids(shell.pid)[0]!, signal);
      await shell.waitForScreen(/Stopped[\s\S]*shell>/);
      shell.write('clear; echo the shell is $((40 + 2))\r');
      await shell.waitForScreen('the shell is 42');
      shell.write('fg\r');
      await shell.waitForScreen((screen) => promptBox(screen) === 'half a draft');
      shell.type(' and more');
      await shell.waitForScreen((screen) => promptBox(screen) === 'half a draft and more');
      shell.key('ctrl-u');
      await shell.waitForScreen((screen) => promptBox(screen) === '');
      await leave(shell);
    },
  );
});
