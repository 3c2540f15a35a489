/** The commands as they are built: one file, which loads the rest when it is asked for. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import { standAsSession, startSleeper } from '../../support/mcp-client.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe('commands', () => {
  const bed = useTestBed();

  it('an error from a part that is loaded late keeps its words and its exit code', async () => {
    const home = bed.home();
    const settings = join(home.home, '.claude', 'settings.json');
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    writeFileSync(settings, '{ not json');
    const ran = await runClaudex(['install'], { env: home.env(), cwd: home.root });
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain(`${settings}:1:3`);
    expect(ran.stderr).toContain('Fix: mend the file by hand');
    expect(readFileSync(settings, 'utf8')).toBe('{ not json');
  });

  it('a damaged config file is named, and stays as it is', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    const config = join(home.claudexHome, 'config.json');
    mkdirSync(home.claudexHome, { mode: 0o700 });
    writeFileSync(config, '{ "badge":');
    for (const change of [
      ['set', 'badge.enabled', 'false'],
      ['unset', 'badge.enabled'],
    ]) {
      const ran = await runClaudex(['config', ...change], at);
      expect(ran).toMatchObject({ code: 3, stdout: '' });
      expect(ran.stderr).toMatch(
        /^claudex: The settings file of claudex cannot be read[^\n]*\nFix: mend the file[^\n]*\n$/,
      );
      expect(ran.stderr).toContain(config);
    }
    expect(readFileSync(config, 'utf8')).toBe('{ "badge":');
  });

  it('the fix for wrong usage names a command that there is', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    for (const words of [
      ['config', 'set'],
      ['inbox', 'show'],
      ['send', '--nope'],
    ]) {
      const ran = await runClaudex(words, at);
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      const fix = /Fix: run `claudex (.*)`/.exec(ran.stderr)?.[1];
      const command = words.filter((word) => !word.startsWith('-')).join(' ');
      expect(fix).toBe(`${command} --help`);
      expect((await runClaudex(fix!.split(' '), at)).stdout).toContain(`Usage: claudex ${command}`);
    }
  });

  it.each(['tcsh', 'constructor', '__proto__'])('there is no completion for %s', async (shell) => {
    const home = bed.home();
    const ran = await runClaudex(['completion', shell], { env: home.env(), cwd: home.root });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`unknown shell "${shell}"; use bash, zsh or fish`);
  });

  it('in bash a session of another machine is one word, and what stands behind its @ is put in', async () => {
    const home = bed.home();
    const script = (await runClaudex(['completion', 'bash'], { env: home.env(), cwd: home.root })).stdout;
    // what bash makes of `claudex peek api@d` and of `claudex peek api@`
    for (const words of ['api @ d', 'api @']) {
      const asked = `COMP_WORDS=(claudex peek ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _claudex`;
      const stub = 'claudex() { echo "$*" >&3; printf "%s\\n" api api@desk api@devbox web@devbox; }';
      const all = `exec 3>&1; ${stub}\n${script}\n${asked}\nprintf '<%s>' "\${COMPREPLY[@]}"`;
      const ran = await run('bash', ['-c', all], { env: home.env() });
      const typed = words.replaceAll(' ', '');
      expect(ran.stdout).toBe(`completion words -- peek ${typed}\n<desk><devbox>`);
    }
  });

  it('in zsh the first Tab of a shell completes too, where the script comes from a folder of $fpath', async () => {
    const home = bed.home();
    const { stdout } = await runClaudex(['completion', 'zsh'], { env: home.env(), cwd: home.root });
    // zsh runs such a file in the place of the function, once: it must then complete, and not only say who will
    expect(stdout).toMatch(
      /\nif \[\[ \$funcstack\[1\] == _claudex \]\]; then _claudex "\$@"\nelse compdef _claudex claudex\nfi\n$/,
    );
  });

  it('sends from a folder whose path is long, and under a name that is', async () => {
    const home = bed.home();
    const cwd = join(home.root, 'p'.repeat(200), 'q'.repeat(200), 'é'.repeat(100));
    mkdirSync(cwd, { recursive: true });
    standAsSession(home, startSleeper(), home.cwd, '0b1c2d3e-aaaa-4bbb-8ccc-0123456789ab');
    for (const from of [[], ['--from', 'x'.repeat(500)]]) {
      const sent = await runClaudex(['send', home.cwd, 'hi', ...from], { env: home.env(), cwd });
      expect(sent).toMatchObject({ code: 0, stderr: '' });
      const { label } = (await daemonClient(home).message(sent.stdout.trim())).sender;
      expect(label).toMatch(from.length > 0 ? /^x+…$/ : /^the user’s shell in …é+ on \S/);
    }
  });

  it('an error of search is said without a pager, and ends', async () => {
    const home = bed.home();
    const at = { env: { ...home.env(), PAGER: 'less' }, cwd: home.cwd };
    for (const [words, said] of [
      [['migration'], 'claudex search . migration'],
      [['web', 'x'], 'No conversation matches'],
      [['-E', '.', '(('], 'no regular expression'],
    ] as const) {
      const driver = startClaudex(['search', ...words], at);
      expect((await driver.waitForExit()).code, words.join(' ')).toBeGreaterThan(1);
      expect(driver.rawOutput().toString()).toContain(said);
    }
    const nothing = startClaudex(['search', '--all', 'nowhere'], at);
    expect((await nothing.waitForExit()).code).toBe(7);
    expect(nothing.rawOutput().toString()).toContain('Nothing found.');
  });

  it('settings that claude itself refuses are named by install and by status', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    const settings = join(home.home, '.claude', 'settings.json');
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    writeFileSync(settings, '{\n  // mine\n  "env": {"A": "1"}\n}\n');
    const installed = await runClaudex(['install', '--no-mcp'], at);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    expect(installed.stdout).toContain(`Note: Claude refuses this file`);
    expect(installed.stdout).toContain(`${settings}:2:3`);
    const status = JSON.parse((await runClaudex(['status', '--json'], at)).stdout);
    expect(status.problems).toContainEqual(
      expect.objectContaining({ code: 'USER_SETTINGS_REFUSED', message: expect.stringContaining(`${settings}:2:3`) }),
    );
    const gone = await runClaudex(['uninstall'], at);
    expect(gone.stdout).toContain('Uninstalled.');
    const again = await runClaudex(['uninstall'], at);
    expect(again.stdout.trim()).toBe('Nothing of ours was installed.');
  });

  it('says what was meant, where it is one slip away', async () => {
    const home = bed.home();
    const at = { env: { ...home.env(), CLAUDEX_CLAUDE_BIN: '/bin/true' }, cwd: home.root };
    const help = await runClaudex(['help', 'lsit'], at);
    expect(help).toMatchObject({ code: 2, stdout: '' });
    expect(help.stderr).toContain('There is no command "lsit". Did you mean list?');
    const driver = startClaudex(['lsit'], at);
    await driver.waitForExit();
    expect(driver.rawOutput().toString()).toContain('"lsit" goes to claude. Did you mean claudex list?');
    const dash = await runClaudex(['send', '.', '-x'], at);
    expect(dash.stderr).toContain('stands behind --');
    const missing = await runClaudex(['send', '.', '-F', '/x/none'], at);
    expect(missing.stderr).toMatch(/^claudex: The file cannot be read\. \/x\/none \(ENOENT\)\./);
    const words = await runClaudex(['version'], at);
    expect(words.stdout).toMatch(/^claudex \d/);
    const wrong = await runClaudex(['status'], { ...at, env: { ...home.env(), CLAUDEX_CLAUDE_BIN: '/x/none' } });
    expect(wrong.stdout).toContain('`unset CLAUDEX_CLAUDE_BIN` takes that away');
  });

  it('a setting that was changed is said, with what it needs', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    const set = await runClaudex(['config', 'set', 'delivery.typePeers', 'true'], at);
    expect(set).toMatchObject({ code: 0, stdout: '' });
    expect(set.stderr).toMatch(/^delivery\.typePeers is true\. .*claudex daemon restart/);
    const unset = await runClaudex(['config', 'unset', 'delivery.typePeers'], at);
    expect(unset.stderr).toMatch(/^delivery\.typePeers is false, the default\./);
  });

  it('a message for several is for all of them or for nobody', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const env = home.env();
    const at = { env, cwd: home.root };
    const [api, web] = [home.dir('api'), home.dir('web')];
    const typo = await runClaudex(['send', '--hold', '--to', api, '--to', 'wbe', 'rebase'], at);
    expect(typo).toMatchObject({ code: 3, stdout: '' });
    expect(await daemonClient(home).messages()).toEqual([]);
    const send = ['send', '--hold', '--key', 'k1', '--to', api, '--to', web, '--to', `${web}/`, 'rebase'];
    const sent = await runClaudex(send, at);
    expect(sent.code).toBe(0);
    const messages = await daemonClient(home).messages();
    expect(messages.map((one) => [one.recipient.cwd, one.body])).toEqual([
      [api, 'rebase'],
      [web, 'rebase'],
    ]);
    expect(sent.stdout).toBe(messages.map((one) => `${one.id}\n`).join(''));
    expect((await runClaudex(send, at)).stdout).toBe(sent.stdout);
  });

  it('ask takes its target from --to as well', async () => {
    const home = bed.home();
    const asked = await runClaudex(['ask', '--hold', '--to', home.cwd, '--wait', '50ms', 'ready?'], {
      env: home.env(),
      cwd: home.root,
    });
    expect(asked.code).toBe(4);
    expect((await daemonClient(home).messages()).map((one) => one.body)).toEqual(['ready?']);
  });
});
