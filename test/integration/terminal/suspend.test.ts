/** `kill -TSTP` of claudex in a shell with job control, where claude has other things to do than to answer Ctrl-Z. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isStopped } from '../../../src/process/identity.ts';
import { verifies } from '../../requirements.ts';
import { withClaudeAlone } from '../../support/claude-wrapper.ts';
import { claudexBin, startClaudex } from '../../support/claudex.ts';
import { childPids } from '../../support/processes.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe('a stop from outside', () => {
  const bed = useTestBed();

  it(`is obeyed after a moment, and what is typed after fg arrives ${verifies('suspend')}`, async () => {
    const home = bed.home();
    const env = { ...withClaudeAlone(home, 'dump-input.mjs'), PS1: 'shell> ', NODE: process.execPath };
    const shell = startInPty('bash', ['--norc', '--noprofile', '-i'], { cwd: home.cwd, env });
    await shell.waitForScreen('shell>');
    shell.write(`stty -a > before; "$NODE" '${claudexBin}'\r`);
    await shell.waitForScreen('ready');
    process.kill(childPids(shell.pid)[0]!, 'SIGTSTP');
    // the Ctrl-Z that claude was offered first
    await shell.waitForScreen(/1a[\s\S]*Stopped[\s\S]*shell>/);
    shell.write('stty -a > during; echo $((40 + 2))\r');
    await shell.waitForScreen(/^42$/m);
    const flags = (name: string): string => readFileSync(join(home.cwd, name), 'utf8');
    expect(flags('during')).toBe(flags('before'));
    shell.write('fg\r');
    await shell.waitForScreen(/claudex\.js'\n*$/);
    shell.write('x');
    // echoed as well where it was quicker than the raw mode
    await shell.waitForScreen(/^x?78$/m);
    shell.key('ctrl-d');
    await shell.waitForScreen((screen) => /shell>$/.test(screen.trimEnd()));
    shell.write('stty -a > after; exit\r');
    await shell.exit;
    expect(flags('after')).toBe(flags('before'));
  });

  it(`of claude alone gives the shell its terminal back, and fg brings claude on ${verifies('suspend')}`, async () => {
    const home = bed.home();
    const env = { ...withClaudeAlone(home, 'dump-input.mjs'), PS1: 'shell> ', NODE: process.execPath };
    const shell = startInPty('bash', ['--norc', '--noprofile', '-i'], { cwd: home.cwd, env });
    await shell.waitForScreen('shell>');
    shell.write(`stty -a > before; "$NODE" '${claudexBin}'\r`);
    await shell.waitForScreen('ready');
    for (const round of [1, 2]) {
      const claude = childPids(childPids(shell.pid)[0]!)[0]!;
      process.kill(claude, 'SIGSTOP');
      await shell.waitForScreen((screen) => screen.split('Stopped').length > round && /shell>$/.test(screen.trimEnd()));
      shell.write(`stty -a > during; echo $((${round} + 41))\r`);
      await shell.waitForScreen(new RegExp(`^${round + 41}$`, 'm'));
      const flags = (name: string): string => readFileSync(join(home.cwd, name), 'utf8');
      expect(flags('during')).toBe(flags('before'));
      shell.write('fg\r');
      await shell.waitForScreen(/claudex\.js'\n*$/);
      shell.write(round === 1 ? 'x' : 'y');
      // echoed as well where it was quicker than the raw mode
      await shell.waitForScreen(round === 1 ? /^x?78$/m : /^y?79$/m);
    }
    shell.key('ctrl-d');
    await shell.waitForScreen((screen) => /shell>$/.test(screen.trimEnd()));
    shell.write('exit\r');
    await shell.exit;
  });

  it('of claude alone is left as it is where no shell can have the terminal', async () => {
    const home = bed.home();
    const driver = startClaudex([], { cwd: home.cwd, env: withClaudeAlone(home, 'dump-input.mjs') });
    await driver.waitForScreen('ready');
    const claude = childPids(driver.pid)[0]!;
    process.kill(claude, 'SIGSTOP');
    // the terminal is given back, nobody takes it, and it is taken again
    await expect.poll(() => driver.ttyFlags(), { interval: 5, timeout: 20_000 }).toMatch(/(?<!-)\becho\b/);
    await expect.poll(() => driver.ttyFlags(), { interval: 5, timeout: 20_000 }).toMatch(/-echo\b/);
    expect(isStopped(claude)).toBe(true);
    driver.write('x');
    process.kill(claude, 'SIGCONT');
    await driver.waitForScreen(/^78$/m);
    driver.key('ctrl-d');
    expect(await driver.waitForExit()).toEqual({ code: 0, signal: null });
  });
});
