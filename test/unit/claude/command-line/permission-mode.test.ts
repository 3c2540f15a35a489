import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startingPermissionMode } from '../../../../src/claude/command-line/permission-mode.ts';
import { verifies } from '../../../requirements.ts';

function configDir(settings?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'claudex-mode-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  if (settings !== undefined) writeFileSync(join(dir, 'settings.json'), settings);
  return dir;
}

describe(`the permission mode at the start ${verifies('denial')}`, () => {
  it.each([
    [[], undefined],
    [['--dangerously-skip-permissions'], 'bypassPermissions'],
    [['--permission-mode', 'plan', 'hello'], 'plan'],
    [['--permission-mode=acceptEdits'], 'acceptEdits'],
    [['--permission-mode', 'plan', '--dangerously-skip-permissions'], 'bypassPermissions'],
    [['--', '--dangerously-skip-permissions'], undefined],
    [['--allow-dangerously-skip-permissions'], undefined],
  ])('of %j is %s', (args, mode) => {
    expect(startingPermissionMode(args, configDir())).toBe(mode);
  });

  it('is the one of the user’s settings where the command line says none', () => {
    const dir = configDir('{"permissions":{"defaultMode":"bypassPermissions"}}');
    expect(startingPermissionMode([], dir)).toBe('bypassPermissions');
    expect(startingPermissionMode(['--permission-mode', 'default'], dir)).toBe('default');
  });

  it.each(['', '{', '[]', 'null', '{"permissions":null}', '{"permissions":{"defaultMode":7}}'])(
    'is not known from settings like %j',
    (settings) => {
      expect(startingPermissionMode([], configDir(settings))).toBeUndefined();
    },
  );
});
