/** `claudex install` and `uninstall` around the real claude, and a package in a folder with an awkward name. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { repositoryRoot, runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startInPty } from '../../support/pty-driver.ts';
import {
  expectOnce,
  startBareClaude,
  submitPrompt,
  transcriptRecords,
  waitForPromptBox,
  waitForSession,
} from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** As people have it: comments, odd spacing, a hook and a status line of their own, no newline at the end. */
const ownSettings = `{
  // my settings, kept in a repository
  "model":   "opus",
  "hooks": { "Stop": [ { "hooks": [ { "type": "command", "command": "true" } ] } ] },
  /* trailing comma below */
  "env": { "FOO": "bar", },
}`;

describe(`install beside claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  const settingsPath = (home: HermeticHome): string => join(home.home, '.claude', 'settings.json');
  const claudex = (home: HermeticHome, ...args: string[]) => runClaudex(args, { env: home.env(), cwd: home.root });

  /** Every file below HOME with its bytes. */
  function filesOf(home: HermeticHome): Record<string, string> {
    const names = readdirSync(home.home, { recursive: true, encoding: 'utf8' }).sort();
    return Object.fromEntries(
      names
        .filter((name) => lstatSync(join(home.home, name)).isFile())
        .map((name) => [name, readFileSync(join(home.home, name), 'latin1')]),
    );
  }

  async function bareClaude(home: HermeticHome) {
    const api = await bed.api();
    const driver = startBareClaude(home, { api });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.pid === driver.pid && one.state === 'idle');
    return { driver, session };
  }

  it('--dry-run prints the change and writes nothing', async () => {
    const home = bed.home();
    mkdirSync(join(home.home, '.claude'));
    writeFileSync(settingsPath(home), ownSettings);
    const before = filesOf(home);
    const install = await claudex(home, 'install', '--dry-run');
    expect(install).toMatchObject({ code: 0, stderr: '' });
    expect(install.stdout).toContain('Nothing was written (--dry-run).');
    expect(install.stdout).toContain('claudex-hook');
    expect(install.stdout).not.toContain('claudex-backup');
    expect(filesOf(home)).toEqual(before);
  });

  it('makes a bare claude known, with the badge in its status line; after uninstall its next turn shows nothing odd', async () => {
    const home = bed.home();
    const before = filesOf(home);
    expect(await claudex(home, 'install')).toMatchObject({ code: 0, stderr: '' });
    const { driver, session } = await bareClaude(home);
    await submitPrompt(driver, 'hello');
    await driver.waitForScreen('● ok');
    await driver.waitForScreen(`[${session.id}]`);
    const list = await claudex(home, 'list', '--json');
    expect(JSON.parse(list.stdout)).toMatchObject([{ id: session.id, pid: driver.pid, supervised: false }]);

    // the session runs on with the hooks that it has read at its start
    expect(await claudex(home, 'uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(settingsPath(home))).toBe(false);
    expect(existsSync(join(home.claudexHome, 'hooks'))).toBe(false);
    const errorsBefore = hookErrors(home);
    await submitPrompt(driver, 'hello again');
    await driver.waitForScreen((screen) => screen.split('● ok').length === 3);
    await waitForSession(home, driver.pid, 'idle');
    await expectOnce(home, 'hello again');
    expect(driver.screenWithHistory()).not.toMatch(/hook (error|failed)|no such file|not found|claudex/i);
    expect([errorsBefore, hookErrors(home)]).toEqual([[], []]);
    expect(Object.keys(before).filter((name) => !existsSync(join(home.home, name)))).toEqual([]);
  });

  it('restores linked settings with comments to the byte', async () => {
    const home = bed.home();
    const dotfiles = join(home.root, 'dot files');
    mkdirSync(dotfiles);
    mkdirSync(join(home.home, '.claude'));
    writeFileSync(join(dotfiles, 'claude.json'), ownSettings);
    symlinkSync(join(dotfiles, 'claude.json'), settingsPath(home));
    // claude's own `claude mcp` makes a folder for its backups
    expect(await claudex(home, 'install', '--no-mcp')).toMatchObject({ code: 0, stderr: '' });
    expect(lstatSync(settingsPath(home)).isSymbolicLink()).toBe(true);
    const installed = readFileSync(settingsPath(home), 'utf8');
    expect(installed).toContain('claudex-hook');
    expect(installed).toContain('// my settings, kept in a repository');
    expect(await claudex(home, 'uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect(lstatSync(settingsPath(home)).isSymbolicLink()).toBe(true);
    expect(readFileSync(settingsPath(home), 'utf8')).toBe(ownSettings);
    expect(readdirSync(dotfiles)).toEqual(['claude.json']);
    expect(readdirSync(join(home.home, '.claude'))).toEqual(['settings.json']);
  });

  it(`tells claude of the MCP server and takes exactly that out again ${verifies('mcp-install')}`, async () => {
    const home = bed.home();
    const configPath = join(home.home, '.claude.json');
    const own = { type: 'stdio', command: 'true', args: [], env: { KEY: 'of the user' } };
    writeFileSync(configPath, JSON.stringify({ ...JSON.parse(readFileSync(configPath, 'utf8')), mcpServers: { own } }));
    const before = readFileSync(configPath, 'utf8');
    const claude = (...args: string[]) => run(realClaudePath(), ['mcp', ...args], { env: home.env(), cwd: home.root });
    const preview = await claudex(home, 'install', '--dry-run');
    expect(preview.stdout).toContain('+ mcpServers.claudex = {"type":"stdio"');
    expect(preview.stdout).not.toContain('of the user');
    expect(readFileSync(configPath, 'utf8')).toBe(before);
    expect(await claudex(home, 'install')).toMatchObject({ code: 0, stderr: '' });
    expect((await claude('get', 'claudex')).stdout).toMatch(/Connected/);
    expect(JSON.parse((await claudex(home, 'status', '--json')).stdout)).toMatchObject({ installed: true, mcp: true });
    expect((await claudex(home, 'install')).stdout).toContain('nothing changed');
    expect(await claudex(home, 'uninstall')).toMatchObject({ code: 0, stderr: '' });
    const { mcpServers, projects } = JSON.parse(readFileSync(configPath, 'utf8'));
    expect(mcpServers).toEqual({ own });
    expect(projects).toEqual(JSON.parse(before).projects);
    expect((await claude('get', 'claudex')).code).not.toBe(0);
  });

  it('works from a folder with spaces and quotes, without install, and writes nothing to ~/.claude/settings.json', async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'from an odd place' });
    const packageDir = join(home.root, `it's a "dir"`);
    mkdirSync(packageDir);
    for (const name of ['dist', 'bin', 'hooks', 'package.json']) {
      cpSync(join(repositoryRoot, name), join(packageDir, name), { recursive: true });
    }
    symlinkSync(join(repositoryRoot, 'node_modules'), join(packageDir, 'node_modules'));
    const bin = join(packageDir, 'bin', 'claudex.js');
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const driver = startInPty(process.execPath, [bin], { cwd: home.cwd, env });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    await submitPrompt(driver, 'hello');
    await driver.waitForScreen('● from an odd place');
    await driver.waitForScreen(`[${session.id}]`);
    // only hooks tell of answers
    const asked = await run(process.execPath, [bin, 'ask', session.id, 'where are you?'], { env, cwd: home.root });
    expect(asked).toMatchObject({ code: 0, stdout: 'from an odd place\n' });
    expect((await daemonClient(home).status()).silent).toEqual([]);
    const { id } = await daemonClient(home).send({
      target: session.id,
      body: 'as a peer',
      kind: 'task',
      when: 'idle',
      sender: { kind: 'peer', label: 'cron' },
      hold: false,
    });
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.route).toBe(realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake');
    expect(hookErrors(home)).toEqual([]);
    expect(existsSync(settingsPath(home))).toBe(false);
  });

  /** What claude’s transcripts say of hooks that went wrong. */
  function hookErrors(home: HermeticHome): unknown[] {
    return transcriptRecords(home).filter(
      (record) =>
        /^hook_(non_blocking_|blocking_)?(error|cancelled)/.test(record.attachment?.type ?? '') ||
        (Array.isArray(record.hookErrors) && record.hookErrors.length > 0),
    );
  }
});
