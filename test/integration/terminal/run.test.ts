/** `claudex` as `claude`: the same bytes, the same end, the terminal as it was found. Every case is run with and without. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaude, withClaudeAlone } from '../../support/claude-wrapper.ts';
import { claudexBin, fixture, runClaudex, startClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive } from '../../support/processes.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { repetitions } from '../../support/repetition.ts';
import { registerProcess } from '../../support/resources.ts';
import { run } from '../../support/run-command.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { untouchedTtyFlags } from '../../support/untouched-tty-flags.ts';

const patient = { timeoutMs: 40_000 };
const size = { cols: 90, rows: 20 };

describe('a session in a terminal', () => {
  const bed = useTestBed();

  function start(name: string, extra: Record<string, string> = {}): PtyDriver {
    const home = bed.home();
    return startClaudex([], { cwd: home.cwd, env: withClaudeAlone(home, name, extra), ...size });
  }

  function startDirect(name: string, extra: Record<string, string> = {}): PtyDriver {
    const home = bed.home();
    return startInPty(fixture(name), [], { cwd: home.cwd, env: withClaude(home, name, extra), ...size });
  }

  it.each(['invalid-utf8.mjs', 'bare-linefeed.mjs'])(
    `%s: bytes through claudex equal bytes without ${verifies('terminal-bytes')}`,
    async (name) => {
      const [direct, through] = [startDirect(name), start(name)];
      await Promise.all([direct.waitForExit(patient), through.waitForExit(patient)]);
      expect(direct.rawOutput().length).toBeGreaterThan(10);
      expect(through.rawOutput().equals(direct.rawOutput())).toBe(true);
    },
  );

  it.each(['/dev/tty', '/dev/zero'])('starts in a repository whose local settings are a link to %s', async (device) => {
    const home = bed.home();
    mkdirSync(join(home.cwd, '.claude'));
    symlinkSync(device, join(home.cwd, '.claude', 'settings.local.json'));
    const through = startClaudex([], {
      cwd: home.cwd,
      env: withClaudeAlone(home, 'invalid-utf8.mjs'),
      cols: 90,
      rows: 20,
    });
    expect(await through.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });

  it('the comparison sees a difference where there is one', async () => {
    const [one, other] = [startDirect('invalid-utf8.mjs'), start('bare-linefeed.mjs')];
    await Promise.all([one.waitForExit(patient), other.waitForExit(patient)]);
    expect(other.rawOutput().equals(one.rawOutput())).toBe(false);
  });

  it(`the tail of a burst is complete, every time ${verifies('terminal-bytes')}`, async () => {
    const extra = { BURST_BYTES: '100000', EXIT_CODE: '3' };
    const direct = startDirect('burst-then-exit.mjs', extra);
    await direct.waitForExit(patient);
    expect(direct.rawOutput().length).toBe(100_000);
    let round = 0;
    const worker = async (): Promise<void> => {
      while (round++ < repetitions(40, 200)) {
        const through = start('burst-then-exit.mjs', extra);
        expect(await through.waitForExit(patient)).toEqual({ code: 3, signal: null });
        expect(through.rawOutput().equals(direct.rawOutput()), `round ${round}`).toBe(true);
        await through.dispose();
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }, 300_000);

  it.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'])(`death by %s is mirrored ${verifies('terminal-exit')}`, async (signal) => {
    const [direct, through] = [
      startDirect('kills-itself.mjs', { DIE_OF: signal }),
      start('kills-itself.mjs', { DIE_OF: signal }),
    ];
    expect(await direct.waitForExit(patient)).toMatchObject({ code: null });
    expect(await through.waitForExit(patient)).toEqual(await direct.exit);
  });

  it(`terminal modes and flags are put back after a death in the alternate screen ${verifies('terminal-restored')}`, async () => {
    const flagsBefore = await untouchedTtyFlags(bed.home(), size);
    const through = start('dies-in-alt-screen.mjs');
    expect(await through.waitForExit(patient)).toEqual({ code: null, signal: 9 });
    expect(through.ttyFlags()).toBe(flagsBefore);
    expect(through.inAlternateScreen()).toBe(false);
    expect(through.modes()).toMatchObject({ bracketedPaste: false, mouseTracking: 'none', sendFocus: false });
  });

  it(`everything a full-screen program sets is undone after its death ${verifies('terminal-restored')}`, async () => {
    const through = start('dies-in-alt-screen.mjs');
    await through.waitForExit(patient);
    const raw = through.rawOutput().toString('latin1');
    const undo = raw.slice(raw.indexOf('in the alternate screen'));
    // cursor keys, keypad, wrap, scroll region, line drawing: what the fixture has set and no one else resets
    expect(through.modes().applicationCursorKeys).toBe(false);
    for (const sequence of ['\x1b[?7h', '\x1b[r', '\x1b(B', '\x1b>']) expect(undo).toContain(sequence);
  });

  it(`a window that is named after what runs in it is claude's ${verifies('terminal-bytes')}`, async () => {
    const driver = start('report-tty.mjs');
    await driver.waitForScreen('ready', patient);
    // tmux and the terminals of editors take the first word
    expect(readFileSync(`/proc/${driver.pid}/cmdline`, 'latin1').split(/[ \0]/)[0]).toBe('claude');
    driver.type('q');
    await driver.waitForExit(patient);
  });

  it(`kill -9 of claude leaves flags as found ${verifies('terminal-restored', 'terminal-exit')}`, async () => {
    const driver = start('report-tty.mjs');
    const flagsBefore = await untouchedTtyFlags(bed.home(), size);
    await driver.waitForScreen('ready', patient);
    expect(driver.ttyFlags()).not.toBe(flagsBefore);
    const child = childOf(driver.pid);
    process.kill(child, 'SIGKILL');
    expect(await driver.waitForExit(patient)).toEqual({ code: null, signal: 9 });
    expect(driver.ttyFlags()).toBe(flagsBefore);
  });

  it(`claudex that is asked to end asks claude, and ends with it ${verifies('terminal-exit', 'terminal-restored')}`, async () => {
    const home = bed.home();
    const env = withStandIn(home, {}, { CLAUDEX_HOME: aFile(home) });
    const driver = startClaudex([], { cwd: home.cwd, env, ...size });
    const flagsBefore = await untouchedTtyFlags(bed.home(), size);
    await driver.waitForScreen('❯', patient);
    const child = childOf(driver.pid);
    driver.kill('SIGTERM');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(isAlive(child)).toBe(false);
    expect(driver.ttyFlags()).toBe(flagsBefore);
  });

  it(`size and resizes reach claude ${verifies('terminal-size')}`, async () => {
    const driver = start('report-tty.mjs');
    await driver.waitForScreen('ready', patient);
    expect(driver.screenWithHistory()).toContain('isTTY true true true');
    expect(driver.screenWithHistory()).toContain('size 90x20');
    driver.resize(70, 15);
    await driver.waitForScreen('resized 70x15', patient);
    driver.type('q');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });

  it(`a storm of resizes ends at the last one ${verifies('terminal-size')}`, async () => {
    const driver = start('report-tty.mjs');
    await driver.waitForScreen('ready', patient);
    for (let round = 0; round < 300; round++) driver.resize(40 + (round % 60), 10 + (round % 30));
    driver.resize(71, 16);
    await driver.waitForScreen('resized 71x16', patient);
    driver.type('q');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });

  it(`errors that are sent elsewhere go there, and not into the terminal ${verifies('terminal-bytes')}`, async () => {
    const home = bed.home();
    const env = { ...withClaudeAlone(home, 'report-tty.mjs', { REPORT_ONCE: '1' }), NODE: process.execPath };
    const command = `"$NODE" '${claudexBin}' 2>>errors; echo ended $?`;
    writeFileSync(join(home.cwd, 'errors'), 'before\n');
    const driver = startInPty('/bin/sh', ['-c', command], { cwd: home.cwd, env });
    await driver.waitForExit(patient);
    expect(driver.screenWithHistory()).toContain('isTTY true true false');
    expect(driver.screenWithHistory()).toContain('ended 0');
    expect(readFileSync(join(home.cwd, 'errors'), 'utf8')).toBe('before\n');
  });

  it(`errors that are sent where claude may not write stay in the terminal, and claude runs ${verifies('passthrough')}`, async () => {
    const home = bed.home();
    const env = { ...withClaudeAlone(home, 'report-tty.mjs', { REPORT_ONCE: '1' }), NODE: process.execPath };
    // root may write everywhere, unless it gives that up
    const asUser = process.getuid?.() === 0 ? 'setpriv --bounding-set -dac_override,-dac_read_search' : '';
    const command = `exec 2>errors; chmod 000 errors; exec ${asUser} "$NODE" '${claudexBin}'`;
    const driver = startInPty('/bin/sh', ['-c', command], { cwd: home.cwd, env });
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(driver.screenWithHistory()).toContain('isTTY true true true');
  });

  it(`a folder that has been removed is claude's to complain of ${verifies('passthrough')}`, async () => {
    const home = bed.home();
    const env = { ...withClaudeAlone(home, 'report-tty.mjs', { REPORT_ONCE: '1' }), NODE: process.execPath };
    const command = `mkdir gone; cd gone; rmdir ../gone; exec "$NODE" '${claudexBin}'`;
    const driver = startInPty('/bin/sh', ['-c', command], { cwd: home.cwd, env });
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(driver.screenWithHistory()).toContain('isTTY true true true');
  });

  it(`every byte typed reaches claude as it is ${verifies('terminal-bytes')}`, async () => {
    const driver = start('dump-input.mjs');
    await driver.waitForScreen('ready', patient);
    for (const [typed, hex] of [
      ['\x03', '03'],
      ['\x1a', '1a'],
      ['\x1b[I', '1b5b49'],
      ['\x1b]11;rgb:0/0/0\x07', '1b5d31313b7267623a302f302f3007'],
      [Buffer.from([0xff, 0xfe]), 'fffe'],
    ] as const) {
      driver.write(typed);
      await driver.waitForScreen(hex, patient);
    }
    driver.key('ctrl-d');
    await driver.waitForExit(patient);
  });

  it(`with a home that is a file the session runs on, alone ${verifies('runs-alone')}`, async () => {
    const home = bed.home();
    const broken = aFile(home);
    const driver = startClaudex([], { cwd: home.cwd, env: withStandIn(home, {}, { CLAUDEX_HOME: broken }) });
    await driver.waitForScreen('❯', patient);
    driver.type('hello');
    await driver.waitForScreen('❯ hello', patient);
    driver.key('enter');
    await driver.waitForScreen('ECHO: hello', patient);
    driver.type('/exit');
    await driver.waitForScreen('❯ /exit', patient);
    driver.key('enter');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(readFileSync(broken, 'utf8')).toBe('not a folder');
  });
});

/** A file where the claudex folder should be: such a session runs on alone. */
function aFile(home: HermeticHome): string {
  const path = join(home.root, 'a-file');
  writeFileSync(path, 'not a folder');
  return path;
}

/** The one child of a process. */
function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(children.length).toBeGreaterThan(0);
  return children[0]!;
}

describe('without a terminal, and with claude’s own words', () => {
  const bed = useTestBed();

  it.each([
    ['a pipe', ['hello'], 'in'],
    ['-p', ['-p', 'hello'], 'in'],
    ['a subcommand', ['mcp', 'list'], ''],
    ['--', ['--', '--help'], ''],
  ])(`%s: same words, same output, same code ${verifies('passthrough')}`, async (_, args, stdin) => {
    const home = bed.home();
    const env = withClaude(home, 'echo-args.mjs', { EXIT_CODE: '7', ECHO_STDIN: '1' }, true);
    const through = await runClaudex(args, { cwd: home.cwd, env, stdin });
    const passed = args[0] === '--' ? args.slice(1) : args;
    const direct = await run(fixture('echo-args.mjs'), passed, { cwd: home.cwd, env, stdin });
    const without = (text: string) => ({ ...JSON.parse(text), pid: 0, ppid: 0 });
    const seen = without(through.stdout);
    // the one variable that we add, as docs/settings.md says
    expect(seen.env.CLAUDEX_LAUNCHED_BY).toMatch(/^\d+$/);
    delete seen.env.CLAUDEX_LAUNCHED_BY;
    expect(seen).toEqual(without(direct.stdout));
    expect([through.code, through.stderr]).toEqual([7, direct.stderr]);
  });

  it(`bytes that are no text pass through a pipe ${verifies('passthrough', 'terminal-bytes')}`, async () => {
    const home = bed.home();
    const env = withClaude(home, 'invalid-utf8.mjs');
    const through = await runClaudex(['-p'], { cwd: home.cwd, env });
    const direct = await run(fixture('invalid-utf8.mjs'), [], { cwd: home.cwd, env });
    expect(through.stdoutBytes.equals(direct.stdoutBytes)).toBe(true);
  });

  it.each([
    ['stdin closed', 'exec 3>&1; "$@" <&- 3>&-; echo $?'],
    ['a reader that goes away', '{ "$@"; echo $? >&2; } 2>status | head -c 5; cat status'],
    ['a full pipe', '"$@" | { read -r first; sleep 0.2; wc -c; }'],
  ])(`%s: as without claudex ${verifies('passthrough')}`, async (_, script) => {
    const home = bed.home();
    const env = withClaude(home, 'burst-then-exit.mjs', { BURST_BYTES: '400000', EXIT_CODE: '4' });
    const shell = (command: string[]) =>
      run('/bin/sh', ['-c', script, 'sh', ...command], { cwd: home.cwd, env, stdin: '' });
    const direct = await shell([fixture('burst-then-exit.mjs')]);
    const through = await shell([process.execPath, claudexBin]);
    expect(direct.stdout).not.toBe('');
    expect(through).toEqual(direct);
  });

  it(`death by a signal is mirrored without a terminal ${verifies('passthrough', 'terminal-exit')}`, async () => {
    const home = bed.home();
    const env = withClaude(home, 'kills-itself.mjs', { DIE_OF: 'SIGTERM' });
    const result = await runClaudex(['-p'], { cwd: home.cwd, env });
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM', stdout: 'about to die\n' });
  });

  it(`a signal to claudex alone is passed on without a terminal ${verifies('passthrough', 'terminal-exit')}`, async () => {
    const home = bed.home();
    const env = withClaude(home, 'ignores-sigterm.mjs');
    const through = spawn(process.execPath, [claudexBin, '-p'], {
      cwd: home.cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    registerProcess(through.pid!, 'claudex -p');
    const ended = once(through, 'exit');
    const lines = createInterface({ input: through.stdout })[Symbol.asyncIterator]();
    const claude = Number((await lines.next()).value.split(' ')[1]);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      through.kill(signal);
      expect((await lines.next()).value).toBe(`ignored ${signal}`);
    }
    process.kill(claude, 'SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it(`a claude that is a link to claudex does not call itself ${verifies('never-itself')}`, async () => {
    const home = bed.home();
    const folder = join(home.root, 'bin');
    mkdirSync(folder);
    symlinkSync(claudexBin, join(folder, 'claude'));
    const { CLAUDEX_CLAUDE_BIN: _, ...env } = home.env();
    const onlyItself = { ...env, PATH: `${folder}:${join(process.execPath, '..')}` };
    const alone = await runClaudex(['-p', 'x'], { cwd: home.cwd, env: onlyItself });
    expect(alone.code).toBe(3);
    expect(alone.stderr).toMatch(/claude command was not found[\s\S]*claudex itself[\s\S]*Fix: install Claude Code/);
    expect(alone.stdout).toBe('');
    const realFolder = join(home.root, 'real');
    mkdirSync(realFolder);
    symlinkSync(withClaude(home, 'echo-args.mjs', {}, true).CLAUDEX_CLAUDE_BIN, join(realFolder, 'claude'));
    const byLink = await run(join(folder, 'claude'), ['-p', 'x'], {
      cwd: home.cwd,
      env: { ...env, PATH: `${folder}:${realFolder}:${env.PATH}` },
    });
    expect(JSON.parse(byLink.stdout).argv).toEqual(['-p', 'x']);
  });

  it(`no claude at all: says how to install one, exit 3 ${verifies('never-itself')}`, async () => {
    const home = bed.home();
    const { CLAUDEX_CLAUDE_BIN: _, ...env } = home.env();
    const result = await runClaudex([], { cwd: home.cwd, env: { ...env, PATH: '/nonexistent' } });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('npm install -g @anthropic-ai/claude-code');
  });

  it(`drops the outer session’s variables, keeps the user’s ${verifies('clean-environment')}`, async () => {
    const home = bed.home();
    const outer = { CLAUDECODE: '1', CLAUDE_CODE_SESSION_ID: 's', CLAUDE_CODE_CHILD_SESSION: '1', CLAUDE_PID: '1' };
    const env = withClaude(home, 'echo-args.mjs', { ...outer, CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CONFIG_DIR: '/c' });
    const result = await runClaudex(['-p', 'x'], { cwd: home.cwd, env });
    const seen = JSON.parse(result.stdout).env;
    expect(seen).toMatchObject({ CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CONFIG_DIR: '/c' });
    for (const name of Object.keys(outer)) expect(seen).not.toHaveProperty(name);
  });
});
