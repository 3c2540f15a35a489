/** The test bed itself: what the other tests believe about the terminal driver, the fixtures and the leak check. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../support/claudex-bin.ts';
import { createHermeticHome } from '../support/hermetic-home.ts';
import { createHookLog } from '../support/hook-log.ts';
import { endLeakedProcesses } from '../support/leak-check.ts';
import { startInPty } from '../support/pty-driver.ts';
import {
  countInTranscripts,
  sessionFile,
  submitPrompt,
  waitForPromptBox,
  waitForSession,
} from '../support/real-claude.ts';
import { run } from '../support/run-command.ts';
import { standIn } from '../support/stand-in.ts';
import { useTestBed } from '../support/test-bed.ts';

describe('hermetic home', () => {
  const bed = useTestBed();

  it('inherits nothing of the test runner and is removed', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const result = await run(process.execPath, ['-p', 'JSON.stringify(process.env)'], { env: home.env() });
    expect(Object.keys(JSON.parse(result.stdout)).sort()).toEqual(Object.keys(home.env()).sort());
    expect(readdirSync(join(home.root, 'work'))).toEqual(['api', 'web']);
    expect(home.dir('web')).toBe(join(home.root, 'work', 'web'));
    await home.dispose();
    expect(existsSync(home.root)).toBe(false);
  });
});

describe('run', () => {
  const bed = useTestBed();

  it('tells exit code, output and signal, and never throws for a code', async () => {
    const env = bed.home().env();
    const echo = await run(fixture('echo-args.mjs'), ['a b', '--c'], {
      env: { ...env, EXIT_CODE: '7', ECHO_STDIN: '1' },
      stdin: 'hello',
    });
    expect(echo.code).toBe(7);
    expect(JSON.parse(echo.stdout)).toMatchObject({ argv: ['a b', '--c'], stdin: 'hello', tty: { stdin: false } });
    const killed = await run(fixture('kills-itself.mjs'), ['SIGKILL'], { env });
    expect(killed).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'about to die\n' });
  });

  it('kills what does not end in time and prints what it said', async () => {
    const env = bed.home().env();
    const late = run('/bin/sh', ['-c', 'echo ready; exec sleep 600'], { env, timeoutMs: 1000 });
    await expect(late).rejects.toThrow(/did not end within 1000 ms[\s\S]*ready/);
  });
});

describe('terminal driver', () => {
  const bed = useTestBed();
  const start = (name: string, args: string[] = [], env: Record<string, string> = {}) => {
    const home = bed.home();
    return startInPty(fixture(name), args, { cwd: home.cwd, env: { ...home.env(), ...env }, cols: 90, rows: 20 });
  };

  it.each([100, 4096, 65_536, 1_000_000])('reads the last of %i bytes written just before the exit', async (size) => {
    const driver = start('burst-then-exit.mjs', [String(size)], { EXIT_CODE: '3' });
    expect(await driver.waitForExit()).toEqual({ code: 3, signal: null });
    expect(driver.rawOutput().length).toBe(size);
    expect(driver.rawOutput().subarray(-5).toString()).toBe('<end>');
  });

  it('keeps bytes as they are', async () => {
    const invalid = start('invalid-utf8.mjs');
    await invalid.waitForExit();
    const high = Array.from({ length: 128 }, (_, index) => index + 0x80);
    expect([...invalid.rawOutput().subarray(1, 129)]).toEqual(high);
    const linefeeds = start('bare-linefeed.mjs');
    await linefeeds.waitForExit();
    expect(linefeeds.rawOutput().toString()).toBe('one\ntwo\r\nthree\n\rfour\tfive\n');
  });

  it('tells how it ended', async () => {
    expect(await start('kills-itself.mjs', ['SIGTERM']).waitForExit()).toEqual({ code: null, signal: 15 });
    const alternate = start('dies-in-alt-screen.mjs');
    expect(await alternate.waitForExit()).toEqual({ code: null, signal: 9 });
    expect(alternate.inAlternateScreen()).toBe(true);
    expect(alternate.modes()).toMatchObject({ bracketedPaste: true, mouseTracking: 'any', sendFocus: true });
    expect(alternate.ttyFlags()).toContain('-icanon');
  });

  it('types, pastes and resizes', async () => {
    const dump = start('dump-input.mjs');
    await dump.waitForScreen('ready');
    dump.type('a');
    await dump.waitForScreen(/^61$/m);
    dump.key('up');
    await dump.waitForScreen('1b5b41');
    dump.paste('hé');
    await dump.waitForScreen('1b5b3230307e68c3a91b5b3230317e');
    dump.key('ctrl-d');
    expect(await dump.waitForExit()).toEqual({ code: 0, signal: null });
    const report = start('report-tty.mjs');
    await report.waitForScreen('ready');
    expect(report.screenWithHistory()).toContain('isTTY true true true\nsize 90x20');
    report.resize(70, 15);
    await report.waitForScreen('resized 70x15');
    report.type('q');
    await report.waitForExit();
  });

  it('answers what the program asks its terminal', async () => {
    const home = bed.home();
    const script = `printf '\\033[c'; stty -icanon -echo min 1; dd bs=1 count=4 2>/dev/null | od -c | head -1`;
    const driver = startInPty('/bin/sh', ['-c', script], { cwd: home.cwd, env: home.env() });
    await driver.waitForExit();
    expect(driver.screen()).toMatch(/033\s+\[\s+\?/);
  });

  it('says what is on the screen when the awaited never shows, or the program ends first', async () => {
    const dump = start('dump-input.mjs');
    await expect(dump.waitForScreen('never', { timeoutMs: 700 })).rejects.toThrow(/within 700 ms[\s\S]*screen:/);
    const ended = start('burst-then-exit.mjs', ['100']);
    await expect(ended.waitForScreen('never')).rejects.toThrow(/exited before[\s\S]*<end>/);
  });

  it('ends a program that ignores the hang-up when it is disposed of', async () => {
    const driver = start('ignores-sigterm.mjs');
    await driver.waitForScreen('ready');
    await driver.dispose();
    expect(await driver.exit).toEqual({ code: null, signal: 9 });
  });
});

describe('leak check', () => {
  it('finds and ends a process that carries a home of the test, and names it', async () => {
    const home = createHermeticHome();
    const child = spawn('sleep', ['600'], { env: home.env(), detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    const leaks = await endLeakedProcesses({ graceMs: 100 });
    expect(leaks.join()).toContain(`process ${child.pid} was still running: sleep 600`);
    expect(await ended).toBe('SIGKILL');
    await home.dispose();
  });
});

describe('the stand-in for claude', () => {
  const bed = useTestBed();

  it('answers, runs hooks from --settings, keeps a session file and a transcript', async () => {
    const home = bed.home();
    const hooks = createHookLog(home);
    const driver = startInPty(standIn(home.root, { exitCode: 5 }), ['--settings', JSON.stringify(hooks.settings)], {
      cwd: home.cwd,
      env: home.env(),
    });
    await waitForPromptBox(driver, { content: '' });
    const start = await hooks.waitFor('SessionStart');
    expect(sessionFile(home, driver.pid)).toMatchObject({ status: 'idle', sessionId: start.payload.session_id });
    hooks.answerNext('Stop', { hookSpecificOutput: { hookEventName: 'Stop', additionalContext: 'go on' } });
    await submitPrompt(driver, 'hello there');
    const stop = await hooks.waitFor('Stop', (payload) => payload.stop_hook_active === true);
    expect(stop.payload.last_assistant_message).toBe('ECHO: go on');
    await driver.waitForScreen('ECHO: hello there');
    expect(countInTranscripts(home, 'hello there')).toBe(1);
    expect(countInTranscripts(home, 'go on')).toBe(1);
    await waitForSession(home, driver.pid, 'idle');
    driver.paste('two\nlines');
    await waitForPromptBox(driver, { content: 'two\nlines' });
    driver.key('enter');
    await driver.waitForScreen('ECHO: two');
    await waitForSession(home, driver.pid, 'idle');
    await submitPrompt(driver, '/exit');
    expect(await driver.waitForExit()).toEqual({ code: 5, signal: null });
    expect(hooks.names().at(-1)).toBe('SessionEnd');
    expect(sessionFile(home, driver.pid)).toBeUndefined();
  });

  it('waits under a dialog, brings an interrupted prompt back, takes a new id at /clear', async () => {
    const home = bed.home();
    const hooks = createHookLog(home);
    const claude = standIn(home.root, { turns: [{ afterMs: 30_000 }] });
    const driver = startInPty(claude, ['--settings', JSON.stringify(hooks.settings)], {
      cwd: home.cwd,
      env: home.env(),
    });
    await waitForPromptBox(driver, { content: '' });
    await submitPrompt(driver, '/model');
    expect((await waitForSession(home, driver.pid, 'waiting')).waitingFor).toBe('dialog open');
    driver.key('esc');
    await waitForSession(home, driver.pid, 'idle');
    await submitPrompt(driver, 'interrupt me');
    await hooks.waitFor('UserPromptSubmit');
    driver.key('esc');
    await waitForSession(home, driver.pid, 'idle');
    await waitForPromptBox(driver, { content: 'interrupt me' });
    driver.key('ctrl-u');
    const before = sessionFile(home, driver.pid)?.sessionId;
    await submitPrompt(driver, '/clear');
    const cleared = await hooks.waitFor('SessionStart', ({ source }) => source === 'clear');
    expect(cleared.payload.session_id).not.toBe(before);
    expect(hooks.names()).not.toContain('Stop');
    driver.key('ctrl-c');
    await driver.waitForScreen('Press Ctrl-C again');
    driver.key('ctrl-c');
    expect(await driver.waitForExit()).toEqual({ code: 0, signal: null });
  });
});
