import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claudexSettings } from '../../src/claude/hook-settings.ts';
import { withLaunchSettings } from '../../src/claude/launch-settings.ts';
import { verifies } from '../requirements.ts';

const ours = claudexSettings({ hooksDir: '/pkg/hooks', home: '/home/u/.claudex' });

describe(`launch settings ${verifies('launch-settings')}`, () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'cxt-launch-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const launch = (args: string[], statusLine = true) => withLaunchSettings(args, ours, { cwd, statusLine });
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

  it('are merged with a file of theirs, relative to their folder, and with --settings=…', () => {
    writeFileSync(join(cwd, 'mine.json'), '{"model":"opus"}');
    expect(JSON.parse(launch(['--settings', 'mine.json'])[1]!)).toMatchObject({ model: 'opus', hooks: ours.hooks });
    const [word, ...rest] = launch(['--settings=mine.json', 'x']);
    expect(rest).toEqual(['x']);
    expect(JSON.parse(word!.slice('--settings='.length))).toMatchObject({ model: 'opus', hooks: ours.hooks });
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
    expect(withLaunchSettings(args, ours, { cwd, statusLine: true })).toHaveLength(3);
  });
});
