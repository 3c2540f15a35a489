import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { applyPatch } from 'diff';
import { expect, onTestFinished, test } from 'vitest';
import { installClaudex } from '../../../install-scripts/install.ts';
import { readInstalledState } from '../../../install-scripts/installed-state.ts';
import { readSettingsFile, writeSettingsFile } from '../../../install-scripts/settings-file.ts';
import { uninstallClaudex } from '../../../install-scripts/uninstall.ts';
import { claudexSettings, hookEvents, isClaudexCommand } from '../../../src/claude/hooks/hook-settings.ts';
import { ClaudexError } from '../../../src/errors/claudex-error.ts';
import { packageRoot } from '../../../src/home/package.ts';

const now = new Date('2026-11-21T12:00:00.123Z');
const backupName = 'settings.json.claudex-backup-2026-11-21T12-00-00';

/** A home with an awkward name, and the settings file in it. */
function makeHome(settings?: string | Buffer) {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'claudex-install-')));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const home = join(top, `it's a "home" {dir} $x`);
  const file = join(home, '.claude', 'settings.json');
  mkdirSync(home);
  const env: NodeJS.ProcessEnv = { HOME: home, PATH: process.env.PATH };
  if (settings !== undefined) {
    mkdirSync(dirname(file));
    writeFileSync(file, settings);
  }
  const claudexHome = join(home, '.claudex');
  return { env, home, file, claudexHome, install: (extra = {}) => installClaudex({ env, now, ...extra }) };
}

/** Every path below `dir` with its mode and content. */
function snapshot(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stat = lstatSync(join(dir, name));
      const content = stat.isFile() ? readFileSync(join(dir, name)).toString('base64') : '';
      return `${name} ${stat.mode.toString(8)} ${content}`;
    });
}

function caught(attempt: () => unknown): ClaudexError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ClaudexError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

const contents: Record<string, string | Buffer | undefined> = {
  'no file': undefined,
  'empty file': '',
  'only a byte-order mark': '\uFEFF',
  'only a newline': '\n',
  '{}': '{}',
  'odd empty object': '{ \n\n }\n\n',
  minified: '{"model":"opus","hooks":{"Stop":[{"hooks":[{"type":"command","command":"say"}]}]}}',
  'comments, tabs, CRLF, BOM': '\uFEFF// mine\r\n{\r\n\t"hooks": {}, // none yet\r\n\t"model": "opus", // good\r\n}',
  'own status line': '{\n  "statusLine": { "type": "command", "command": "echo \\u0068i", "padding": 1 }\n}\n',
};

for (const [name, content] of Object.entries(contents)) {
  for (const wrapStatusline of [false, true]) {
    test(`${name}${wrapStatusline ? ', wrapped' : ''}: install, install again, uninstall leaves no trace`, () => {
      const { env, home, file, install } = makeHome(content);
      const before = snapshot(home);
      const report = install({ wrapStatusline });
      expect(report).toMatchObject({ changed: true, settingsPath: file, diff: expect.stringContaining('\n@@ ') });
      expect(report.backupPath).toBe(content === undefined ? undefined : join(dirname(file), backupName));
      expect(readInstalledState(env)).toMatchObject({ state: 'installed', hooks: true });

      const installed = snapshot(home);
      expect(install({ wrapStatusline })).toMatchObject({ changed: false, diff: '' });
      expect(snapshot(home)).toEqual(installed);

      expect(uninstallClaudex({ env, dryRun: true })).toMatchObject({ changed: true, settingsPaths: [file] });
      expect(snapshot(home)).toEqual(installed);
      expect(uninstallClaudex({ env })).toMatchObject({ changed: true, settingsPaths: [file] });
      expect(snapshot(home)).toEqual(before);
      expect(uninstallClaudex({ env })).toMatchObject({ changed: false, settingsPaths: [], diff: '' });
      expect(snapshot(home)).toEqual(before);
    });
  }
}

test('the backup is the file as it was, and scripts and record are private to the user', () => {
  const { file, claudexHome, install } = makeHome('{ "a": 1 }');
  const { backupPath } = install();
  expect(readFileSync(backupPath!, 'utf8')).toBe('{ "a": 1 }');
  expect(statSync(claudexHome).mode & 0o777).toBe(0o700);
  expect(statSync(join(claudexHome, 'hooks')).mode & 0o777).toBe(0o700);
  expect(statSync(join(claudexHome, 'install.json')).mode & 0o777).toBe(0o600);
  for (const script of readdirSync(join(packageRoot(), 'hooks'))) {
    const copy = join(claudexHome, 'hooks', script);
    expect(statSync(copy).mode & 0o777).toBe(0o755);
    expect(readFileSync(copy, 'utf8')).toBe(readFileSync(join(packageRoot(), 'hooks', script), 'utf8'));
  }
  expect(readdirSync(dirname(file)).sort()).toEqual(['settings.json', backupName]);
});

test('a dry run writes nothing and reports what would be', () => {
  for (const content of [undefined, '{\n  "a": 1\n}\n']) {
    const { home, install } = makeHome(content);
    const before = snapshot(home);
    const dry = install({ dryRun: true });
    expect(snapshot(home)).toEqual(before);
    expect(install()).toEqual(dry);
  }
});

test('the diff is one that patch can apply', () => {
  for (const content of ['{\n  "a": 1,\n  "b": 2\n}\n', '{"a":1}', '\uFEFF{\r\n}\r\n', '']) {
    const { env, file, install } = makeHome(content);
    const { diff } = install();
    expect(diff).toMatch(/^--- /);
    expect(applyPatch(content, diff)).toBe(readFileSync(file, 'utf8'));
    expect(applyPatch(readFileSync(file, 'utf8'), uninstallClaudex({ env, dryRun: true }).diff)).toBe(content);
  }
});

test('a linked dotfile stays a link: its target is written, with its mode, and backed up beside it', () => {
  const { env, home, file, install } = makeHome();
  mkdirSync(join(home, 'dotfiles'));
  const target = join(home, 'dotfiles', 'claude.json');
  writeFileSync(target, '{}\n');
  chmodSync(target, 0o640);
  mkdirSync(dirname(file));
  symlinkSync('../dotfiles/claude.json', file);
  const before = snapshot(home);
  const report = install();
  expect(report.settingsPath).toBe(target);
  expect(dirname(report.backupPath!)).toBe(dirname(target));
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(statSync(target).mode & 0o777).toBe(0o640);
  expect(readInstalledState(env).state).toBe('installed');
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('a relative link in a linked folder is followed from where that folder really is', () => {
  const { env, home, file, install } = makeHome();
  const target = join(home, 'dotfiles', 'shared', 'claude.json');
  mkdirSync(join(home, 'dotfiles', 'claude'), { recursive: true });
  mkdirSync(dirname(target));
  writeFileSync(target, '{}\n');
  symlinkSync('dotfiles/claude', dirname(file));
  symlinkSync('../shared/claude.json', file);
  const before = snapshot(home);
  expect(install().settingsPath).toBe(target);
  expect(readInstalledState(env).state).toBe('installed');
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('what another program writes while install is at work stays', () => {
  const { file, install } = makeHome('{}');
  const theirs = '{ "permissions": { "allow": ["Bash(ls)"] } }';
  // asked for the backup's name: after the file is read, before it is written
  const meanwhile = new (class extends Date {
    override toISOString(): string {
      writeFileSync(file, theirs);
      return super.toISOString();
    }
  })(now);
  expect(caught(() => install({ now: meanwhile })).message).toContain('another program rewrote it meanwhile');
  expect(readFileSync(file, 'utf8')).toBe(theirs);
  expect(readdirSync(dirname(file))).toEqual(['settings.json']);
});

test('settings are only written over what was read', () => {
  const { home } = makeHome();
  const path = join(home, 'settings.json');
  const none = readSettingsFile(path);
  writeFileSync(path, '{}');
  expect(caught(() => writeSettingsFile(none, '{ "a": 1 }')).code).toBe('USER_SETTINGS_UNWRITABLE');
  const some = readSettingsFile(path);
  rmSync(path);
  expect(caught(() => writeSettingsFile(some, '{ "a": 1 }')).code).toBe('USER_SETTINGS_UNWRITABLE');
  expect(readdirSync(home)).toEqual([]);
});

test('a link to nothing gets its target, and is a link to nothing afterwards', () => {
  const { env, home, file, install } = makeHome();
  mkdirSync(join(home, 'dotfiles'));
  mkdirSync(dirname(file));
  symlinkSync(join(home, 'dotfiles', 'claude.json'), file);
  const before = snapshot(home);
  expect(install().settingsPath).toBe(join(home, 'dotfiles', 'claude.json'));
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('a read-only file keeps its mode', () => {
  const { env, home, file, install } = makeHome('{}');
  chmodSync(file, 0o400);
  const before = snapshot(home);
  install();
  expect(statSync(file).mode & 0o777).toBe(0o400);
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('what the user changed meanwhile survives, only ours goes', () => {
  const { env, home, file, install } = makeHome('{\n  // note\n  "model": "opus",\n  "hooks": {}\n}\n');
  install();
  writeFileSync(file, readFileSync(file, 'utf8').replace('"model": "opus"', '"model": "haiku", // cheaper'));
  uninstallClaudex({ env });
  expect(readFileSync(file, 'utf8')).toBe('{\n  // note\n  "model": "haiku", // cheaper,\n  "hooks": {}\n}\n');
  expect(readdirSync(home)).toEqual(['.claude']);
  expect(readdirSync(dirname(file))).toEqual(['settings.json']);
});

test('an edit between two installs is not undone by uninstall', () => {
  const { env, file, claudexHome, install } = makeHome('{\n  "model": "opus"\n}\n');
  install();
  writeFileSync(file, readFileSync(file, 'utf8').replace('opus', 'haiku').replaceAll('"timeout": 10', '"timeout": 9'));
  const again = install({ now: new Date('2026-11-22T00:00:00Z') });
  expect(again.backupPath).toContain('2026-11-22T00-00-00');
  expect(JSON.parse(readFileSync(join(claudexHome, 'install.json'), 'utf8')).files[file]).toMatchObject({
    exact: false,
  });
  // a further upgrade, nothing edited since: still not the file from before claudex
  const third = { CLAUDEX_HOME: `${claudexHome} moved` };
  expect(installClaudex({ env, wrapStatusline: true, now }).changed).toBe(false);
  cpSync(claudexHome, third.CLAUDEX_HOME, { recursive: true });
  expect(installClaudex({ env: { ...env, ...third }, now }).changed).toBe(true);
  uninstallClaudex({ env: { ...env, ...third } });
  expect(readFileSync(file, 'utf8')).toBe('{\n  "model": "haiku"\n}\n');
  expect(readdirSync(dirname(file))).toEqual(['settings.json']);
});

test('a file that we made and the user filled stays; one they emptied again goes', () => {
  for (const [extra, left] of [
    ['"model": "opus",', ['settings.json']],
    ['', []],
  ] as const) {
    const { env, file, install } = makeHome();
    install();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text.replace('{', `{ ${extra}`)}\n`);
    uninstallClaudex({ env });
    expect(existsSync(dirname(file)) ? readdirSync(dirname(file)) : []).toEqual(left);
  }
});

test('an upgrade over our own entries still restores the file from before claudex', () => {
  const { env, home, file, install } = makeHome('{ "statusLine": {"command":"a \'b\'","type":"command"} }');
  const before = snapshot(home);
  install();
  expect(install({ wrapStatusline: true, now: new Date('2026-12-01T00:00:00Z') }).changed).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain('claudex-statusline');
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('without a record, with another claudex home in the entries, everything of ours is still found', () => {
  const { env, home, file, claudexHome, install } = makeHome('{\n  "model": "opus"\n}\n');
  install();
  rmSync(join(claudexHome, 'install.json'));
  expect(install().changed).toBe(false);
  rmSync(claudexHome, { recursive: true });
  expect(uninstallClaudex({ env }).changed).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('{\n  "model": "opus"\n}\n');
  expect(readdirSync(dirname(file))).toEqual(['settings.json']);
  expect(readdirSync(home)).toEqual(['.claude']);
});

test('a damaged record or backup only makes uninstall less exact', () => {
  const { env, file, claudexHome, install } = makeHome('{ "model": "opus" }\n');
  for (const spoil of [
    () => writeFileSync(join(claudexHome, 'install.json'), '{"version": 1'),
    () => writeFileSync(join(claudexHome, 'install.json'), '{"version":"0","files":{"x":{}}}'),
    () => writeFileSync(join(dirname(file), backupName), 'something else'),
    () => rmSync(join(dirname(file), backupName)),
  ]) {
    install();
    spoil();
    expect(uninstallClaudex({ env }).changed).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('{ "model": "opus" }\n');
  }
});

test('a backup of settings that are empty or gone stays, and is named', () => {
  for (const lose of [(file: string) => writeFileSync(file, '\n'), (file: string) => rmSync(file)]) {
    const { env, file, install } = makeHome('{"model":"opus"}');
    const backup = install().backupPath!;
    lose(file);
    expect(uninstallClaudex({ env }).notes.join()).toContain(`${backup} is a copy of what it was, and stays`);
    expect(readFileSync(backup, 'utf8')).toBe('{"model":"opus"}');
  }
});

test('entries from another place are taken over by install and removed by uninstall', () => {
  const { env, file, install } = makeHome(JSON.stringify(claudexSettings({ hooksDir: '/gone/hooks', home: '/gone' })));
  expect(readInstalledState(env)).toMatchObject({ state: 'partial', hooks: false, statusLine: false });
  install();
  expect(readFileSync(file, 'utf8')).not.toContain('/gone');
  expect(readInstalledState(env)).toMatchObject({ state: 'installed', statusLine: true });
  uninstallClaudex({ env });
  expect(readFileSync(file, 'utf8')).toBe('{}');
});

test('every config folder that was installed into is cleaned', () => {
  const { env, home, install } = makeHome('{}');
  const other = { ...env, CLAUDE_CONFIG_DIR: join(home, 'other config') };
  const before = snapshot(home);
  install();
  expect(installClaudex({ env: other, now }).settingsPath).toBe(join(home, 'other config', 'settings.json'));
  expect(uninstallClaudex({ env }).settingsPaths).toHaveLength(2);
  expect(snapshot(home)).toEqual(before);
});

test('what cannot be read is left alone, and nothing else is written', () => {
  for (const content of ['{"a":', '[]', '{"hooks":[]}', Buffer.from([0x7b, 0xff, 0x7d])]) {
    const { env, home, file, install } = makeHome(content);
    const before = snapshot(home);
    for (const attempt of [install, () => install({ dryRun: true }), () => uninstallClaudex({ env, purge: true })]) {
      const error = caught(attempt);
      expect(error.code).toBe('USER_SETTINGS_UNREADABLE');
      expect(error.message).toContain(file);
    }
    expect(snapshot(home)).toEqual(before);
    expect(readInstalledState(env).state).toBe('unreadable');
  }
});

test('a folder in the place of the file, and a loop of links, are refused', () => {
  const folder = makeHome();
  mkdirSync(folder.file, { recursive: true });
  const loop = makeHome();
  mkdirSync(dirname(loop.file));
  symlinkSync('settings.json', loop.file);
  for (const { env, install } of [folder, loop]) {
    expect(caught(install).code).toBe('USER_SETTINGS_UNREADABLE');
    expect(readInstalledState(env).state).toBe('unreadable');
  }
});

test('a settings file that cannot be backed up or written stays, with no record of an install', () => {
  const { home, file, claudexHome, install } = makeHome();
  mkdirSync(dirname(file));
  // the longest name there can be: its backup's would be longer
  const target = join(home, `${'x'.repeat(250)}.json`);
  writeFileSync(target, '{}');
  symlinkSync(target, file);
  expect(caught(install).message).toContain('could not be written (ENAMETOOLONG)');
  rmSync(target);
  expect(caught(install).message).toContain('could not be written (ENAMETOOLONG)');
  expect(existsSync(join(claudexHome, 'install.json'))).toBe(false);
  expect(readdirSync(home)).toEqual(['.claude', '.claudex']);
  expect(readdirSync(dirname(file))).toEqual(['settings.json']);
});

test('changed scripts are refreshed without touching the settings', () => {
  const { file, claudexHome, install } = makeHome('{}');
  install();
  const text = readFileSync(file, 'utf8');
  writeFileSync(join(claudexHome, 'hooks', 'claudex-hook'), '#!/bin/sh\n');
  chmodSync(join(claudexHome, 'hooks', 'claudex-statusline'), 0o600);
  expect(install()).toMatchObject({ changed: true, diff: '' });
  expect(install()).toMatchObject({ changed: false });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('uninstall without purge keeps what else is in CLAUDEX_HOME; purge removes it', () => {
  const { env, home, claudexHome, install } = makeHome('{}');
  install();
  writeFileSync(join(claudexHome, 'journal.ndjson'), '{}\n');
  writeFileSync(join(claudexHome, 'journal.ndjson.1'), '{}\n');
  mkdirSync(join(claudexHome, 'logs'));
  writeFileSync(join(claudexHome, 'logs', 'daemon.log'), '');
  uninstallClaudex({ env });
  expect(readdirSync(claudexHome).sort()).toEqual(['journal.ndjson', 'journal.ndjson.1', 'logs']);
  uninstallClaudex({ env, purge: true, dryRun: true });
  expect(existsSync(claudexHome)).toBe(true);
  expect(uninstallClaudex({ env, purge: true }).notes).toEqual([]);
  expect(readdirSync(home)).toEqual(['.claude']);
});

test('purge leaves what is not ours', () => {
  const { env, claudexHome, install } = makeHome('{}');
  install();
  writeFileSync(join(claudexHome, 'thesis.txt'), 'mine');
  expect(uninstallClaudex({ env, purge: true }).notes).toEqual([expect.stringContaining('thesis.txt')]);
  expect(readdirSync(claudexHome)).toEqual(['thesis.txt']);
});

test('purge refuses a folder that is not provably ours, before anything is touched', () => {
  const { env, home, claudexHome, install } = makeHome('{}');
  install();
  const stranger = join(home, 'stranger');
  mkdirSync(stranger);
  writeFileSync(join(stranger, 'config.json'), '{}');
  const link = join(home, 'link');
  symlinkSync(claudexHome, link);
  writeFileSync(join(home, 'journal.ndjson'), '');
  const before = snapshot(home);
  for (const refused of [stranger, link, home, dirname(home), '/', join(home, 'stranger', 'config.json')]) {
    const error = caught(() => uninstallClaudex({ env: { ...env, CLAUDEX_HOME: refused }, purge: true }));
    expect([refused, error.code]).toEqual([refused, 'HOME_NOT_PRIVATE']);
  }
  expect(snapshot(home)).toEqual(before);
});

test('another checkout of the package takes out what this one put in', () => {
  const { env, home } = makeHome('{\n  "model": "opus"\n}\n');
  const before = snapshot(home);
  const checkout = join(dirname(home), 'another checkout');
  mkdirSync(checkout);
  for (const part of ['package.json', 'hooks', 'install-scripts', 'src', 'node_modules']) {
    symlinkSync(join(packageRoot(), part), join(checkout, part));
  }
  const call = `import { installClaudex } from './install-scripts/install.ts'; installClaudex({ env: process.env });`;
  execFileSync(process.execPath, ['--preserve-symlinks', '--import', 'tsx', '--input-type=module', '-e', call], {
    cwd: checkout,
    env,
  });
  expect(readInstalledState(env).state).toBe('installed');
  uninstallClaudex({ env });
  expect(snapshot(home)).toEqual(before);
});

test('the installed commands name the copies and their home', () => {
  const { file, claudexHome, install } = makeHome();
  install();
  const { hooks, statusLine } = JSON.parse(readFileSync(file, 'utf8'));
  const commands: string[] = hookEvents.map((event) => hooks[event][0].hooks[0].command);
  for (const command of [...commands, statusLine.command]) expect(isClaudexCommand(command)).toBe(true);
  expect({ hooks, statusLine }).toEqual(claudexSettings({ hooksDir: join(claudexHome, 'hooks'), home: claudexHome }));
});
