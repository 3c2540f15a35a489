import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readsUserSettings, withLaunchSettings } from '../../../../src/claude/command-line/launch-settings.ts';
import { claudexSettings } from '../../../../src/claude/hooks/hook-settings.ts';
import { removeSettingsForLaunch, writeSettingsForLaunch } from '../../../../src/cli/start/settings-file-for-launch.ts';
import { claudexPaths } from '../../../../src/home/paths.ts';
import { verifies } from '../../../requirements.ts';

const ours = claudexSettings({ hooksDir: '/pkg/hooks', home: '/home/u/.claudex' });

describe(`launch settings ${verifies('launch-settings')}`, () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'cxt-launch-'));
    kept = [];
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  let kept: string[];
  const asFile = (text: string) => `/kept/${kept.push(text)}`;
  const launch = (args: string[], statusLine = true) => withLaunchSettings(args, ours, { cwd, statusLine, asFile });
  const theirHook = { hooks: [{ type: 'command', command: 'theirs' }] };

  it('come first where the user gives none', () => {
    const [flag, json, ...rest] = launch(['--continue', 'hello']);
    expect([flag, rest]).toEqual(['--settings', ['--continue', 'hello']]);
    expect(JSON.parse(json!)).toEqual({ hooks: ours.hooks, statusLine: ours.statusLine });
    expect(JSON.parse(launch([], false)[1]!)).toEqual({ hooks: ours.hooks });
  });

  it('are merged with theirs: their keys win, their hooks come first', () => {
    const theirs = {
      model: 'opus',
      statusLine: { type: 'command', command: 'mine' },
      hooks: { Stop: [theirHook], PreToolUse: [theirHook] },
    };
    const args = launch(['--model', 'x', '--settings', JSON.stringify(theirs), 'hi']);
    expect([args[0], args[1], args[2], args[4]]).toEqual(['--model', 'x', '--settings', 'hi']);
    const merged = JSON.parse(args[3]!);
    expect(merged).toMatchObject({ model: 'opus', statusLine: theirs.statusLine });
    expect(merged.hooks.Stop).toEqual([theirHook, ...ours.hooks.Stop!]);
    expect(merged.hooks.PreToolUse).toEqual([theirHook]);
    expect(merged.hooks.SessionStart).toEqual(ours.hooks.SessionStart);
  });

  it('are merged with a file of theirs, relative to their folder, and stay out of the command line', () => {
    writeFileSync(join(cwd, 'mine.json'), '{"model":"opus"}');
    expect(launch(['--settings', 'mine.json', 'x'])).toEqual(['--settings', '/kept/1', 'x']);
    expect(launch(['--settings=mine.json', 'x'])).toEqual(['--settings=/kept/2', 'x']);
    for (const text of kept) expect(JSON.parse(text)).toMatchObject({ model: 'opus', hooks: ours.hooks });
    const nowhere = { cwd, statusLine: true, asFile: () => undefined };
    expect(withLaunchSettings(['--settings', 'mine.json'], ours, nowhere)).toEqual(['--settings', 'mine.json']);
  });

  it('that came through a pipe (`<(…)`) are on the command line where no file can be kept: claude would find it empty', async () => {
    const nowhere = { cwd, statusLine: true, asFile: () => undefined };
    spawnSync('mkfifo', [join(cwd, 'pipe')]);
    const writer = spawn('sh', ['-c', `printf '{"model":"opus"}' >'${join(cwd, 'pipe')}'`]);
    const [, word] = withLaunchSettings(['--settings', 'pipe'], ours, nowhere);
    expect(JSON.parse(word!)).toMatchObject({ model: 'opus', hooks: ours.hooks });
    await once(writer, 'exit');
  });

  it.each([
    ['a broken JSON', ['--settings', '{"model":']],
    ['a missing file', ['--settings', 'nothing.json']],
    ['a list', ['--settings', '[]', 'x']],
    ['a number', ['--settings=17']],
  ])('leave %s to claude to complain about', (_, args) => {
    writeFileSync(join(cwd, '[]'), '[1]');
    writeFileSync(join(cwd, '17'), '17');
    expect(launch(args)).toEqual(args);
  });

  it('are merged with the last of several: claude takes that one', () => {
    const args = launch(['--settings', '{"model":"a"}', '--settings={"model":"b"}', 'x']);
    expect([args[0], args[1], args[3]]).toEqual(['--settings', '{"model":"a"}', 'x']);
    expect(JSON.parse(args[2]!.slice('--settings='.length))).toMatchObject({ model: 'b', hooks: ours.hooks });
  });

  it.each([
    [[], true],
    [['--setting-sources', 'user,project'], true],
    [['--setting-sources=project, user'], true],
    [['--setting-sources', 'project'], false],
    [['--setting-sources=project,local', 'x'], false],
    [['--setting-sources', ''], false],
    [['--', '--setting-sources', 'project'], true],
  ])('are carried where claude reads no settings of the user: %j', (args, reads) => {
    expect(readsUserSettings(args)).toBe(reads);
  });

  it('do not take what comes after -- for an option, nor a --settings without a value', () => {
    expect(launch(['--', '--settings', '{}']).slice(2)).toEqual(['--', '--settings', '{}']);
    expect(launch(['--settings'])).toContain('--settings');
  });

  it('keep hooks of a wrong shape from breaking ours', () => {
    const args = launch(['--settings', JSON.stringify({ hooks: { Stop: 'x' } })]);
    expect(JSON.parse(args[1]!).hooks.Stop).toEqual(ours.hooks.Stop);
  });

  it('leave the words they were given alone', () => {
    const args = Object.freeze(['--settings', '{}', 'x']);
    expect(withLaunchSettings(args, ours, { cwd, statusLine: true, asFile })).toHaveLength(3);
  });
});

describe('the file of one launch', () => {
  it('is private, there for its claudex, and gone after one that was killed', () => {
    const home = mkdtempSync(join(tmpdir(), 'cxt-launch-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const paths = claudexPaths({ CLAUDEX_HOME: join(home, 'x') });
    const path = writeSettingsForLaunch(paths, '{"a":1}')!;
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}');
    expect([path, paths.launch, paths.home].map((one) => statSync(one).mode & 0o777)).toEqual([0o600, 0o700, 0o700]);
    const killed = spawnSync(process.execPath, ['--version']).pid;
    writeFileSync(join(paths.launch, `${killed}.json`), '{}');
    writeFileSync(join(paths.launch, `${process.ppid}.json`), '{}');
    expect(writeSettingsForLaunch(paths, '{"b":2}')).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('{"b":2}');
    expect(readdirSync(paths.launch).sort()).toEqual([`${process.pid}.json`, `${process.ppid}.json`].sort());
    removeSettingsForLaunch(paths);
    removeSettingsForLaunch(paths);
    expect(readdirSync(paths.launch)).toEqual([`${process.ppid}.json`]);
  });

  it('cannot be where the claudex folder takes none', () => {
    const home = mkdtempSync(join(tmpdir(), 'cxt-launch-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    writeFileSync(join(home, 'x'), '');
    const paths = claudexPaths({ CLAUDEX_HOME: join(home, 'x') });
    expect(writeSettingsForLaunch(paths, '{}')).toBeUndefined();
    removeSettingsForLaunch(paths);
  });
});
