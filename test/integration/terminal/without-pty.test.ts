/** An install whose terminal libraries are missing, or are for another machine. */
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeExecutable } from '../../../src/terminal/pty/load-node-pty.ts';
import { verifies } from '../../requirements.ts';
import { withClaude } from '../../support/claude-wrapper.ts';
import { repositoryRoot, startClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** A copy of this package as npm would install it, less `spoil`. */
function copyOfPackage(home: HermeticHome, spoil: (nodeModules: string) => void): string {
  const root = join(home.root, 'package');
  const nodeModules = join(root, 'node_modules');
  mkdirSync(nodeModules, { recursive: true });
  for (const name of ['bin', 'dist', 'hooks', 'package.json']) {
    cpSync(join(repositoryRoot, name), join(root, name), { recursive: true });
  }
  for (const name of readdirSync(join(repositoryRoot, 'node_modules'))) {
    const source = join(repositoryRoot, 'node_modules', name);
    if (/^\.|^node-pty$|^@lydell$|^@koromix$/.test(name)) continue;
    symlinkSync(source, join(nodeModules, name));
  }
  for (const name of ['node-pty', '@lydell', '@koromix']) {
    cpSync(join(repositoryRoot, 'node_modules', name), join(nodeModules, name), { recursive: true });
  }
  spoil(nodeModules);
  return join(root, 'bin', 'claudex.js');
}

const platform = `${process.platform}-${process.arch}`;

describe('without the terminal libraries', () => {
  const bed = useTestBed();

  it.each([
    ['node-pty is missing', (modules: string) => rmSync(join(modules, 'node-pty'), { recursive: true })],
    ['its binary is missing', (modules: string) => rmSync(join(modules, '@lydell'), { recursive: true })],
    [
      'its binary is for another machine',
      (modules: string) => writeFileSync(join(modules, '@lydell', `node-pty-${platform}`, 'pty.node'), 'not for us'),
    ],
    ['koffi is missing', (modules: string) => rmSync(join(modules, '@koromix'), { recursive: true })],
  ])(`%s: claude runs all the same, after one line with the fix ${verifies('without-pty')}`, async (_, spoil) => {
    const home = bed.home();
    const bin = copyOfPackage(home, spoil);
    const env = withClaude(home, 'report-tty.mjs', { REPORT_ONCE: '1' });
    const driver = startInPty(process.execPath, [bin], { cwd: home.cwd, env, cols: 400 });
    expect(await driver.waitForExit()).toEqual({ code: 0, signal: null });
    const lines = driver.screenWithHistory().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^claudex: A terminal library .* could not be loaded\\. ${platform}: `));
    expect(lines[0]).toContain('Fix: install claudex again');
    expect(lines[1]).toBe('isTTY true true true');
  });

  it(`the system has no terminal left: claude runs all the same, after one line with the fix ${verifies('without-pty')}`, async () => {
    const home = bed.home();
    const noTerminal = join(home.root, 'no-terminal.cjs');
    writeFileSync(
      noTerminal,
      `const { dlopen } = process;
      process.dlopen = (module, file, ...flags) => {
        dlopen.call(process, module, file, ...flags);
        if (file.endsWith('pty.node')) module.exports.fork = () => { throw new Error('forkpty(3) failed.'); };
      };`,
    );
    const env = withClaude(home, 'report-tty.mjs', { REPORT_ONCE: '1', NODE_OPTIONS: `--require ${noTerminal}` });
    const driver = startClaudex([], { cwd: home.cwd, env, cols: 400 });
    expect(await driver.waitForExit()).toEqual({ code: 0, signal: null });
    const lines = driver.screenWithHistory().split('\n');
    expect(lines[0]).toMatch(
      /^claudex: The system gave claudex no pseudo-terminal\. forkpty\(3\) failed\. .*Fix: see that/,
    );
    expect(lines[1]).toBe('isTTY true true true');
  });

  it(`list, status and send work, and status says what to do ${verifies('without-pty')}`, async () => {
    const home = bed.home();
    const bin = copyOfPackage(home, (modules) => rmSync(join(modules, 'node-pty'), { recursive: true }));
    const options = { env: home.env(), cwd: home.cwd };
    const sent = await run(process.execPath, [bin, 'send', '.', '--hold', 'for later'], options);
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    const listed = await run(process.execPath, [bin, 'list', '--json'], options);
    expect(JSON.parse(listed.stdout)).toEqual([]);
    const status = await run(process.execPath, [bin, 'status', '--json'], options);
    expect(JSON.parse(status.stdout)).toMatchObject({
      pending: 1,
      problems: [{ code: 'PTY_UNAVAILABLE', fix: expect.stringContaining('install claudex again') }],
    });
    await run(process.execPath, [bin, 'daemon', 'stop'], options);
  });

  it(`a helper that has come without its x bit gets it back ${verifies('without-pty')}`, async () => {
    const home = bed.home();
    const helper = join(home.root, 'spawn-helper');
    writeFileSync(helper, '#!/bin/sh\nexit 4\n');
    chmodSync(helper, 0o644);
    makeExecutable(helper);
    expect((await run(helper, [], { env: home.env() })).code).toBe(4);
  });
});
