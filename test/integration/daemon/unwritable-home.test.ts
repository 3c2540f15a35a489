/** A claudex folder that takes no writes: the error names the folder, what the system says, and what to do. */
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { canMount, runOnBadDisk, runWithLockedHome } from '../../support/unwritable-home.ts';

const commands = [
  'daemon start',
  'list',
  'send . hello',
  'install --no-mcp',
  'prompt hello',
  'serve --workspaces .. --print-token',
];

describe('a claudex folder that takes no writes', () => {
  const bed = useTestBed();
  const expected = (home: string, systemSays: string) =>
    new RegExp(
      `^claudex: The claudex folder cannot be written to\\. ${home}(/[^ ]+)?: ${systemSays}[^\\n]*\\.\\nFix: [^\\n]*CLAUDEX_HOME[^\\n]*\\n$`,
    );

  it.each(commands)(`without the right to write: %s ${verifies('unwritable-home')}`, async (command) => {
    const home = bed.home();
    const { code, stderr } = await runWithLockedHome(home, command.split(' '));
    expect(stderr).toMatch(expected(home.claudexHome, 'EACCES: permission denied'));
    expect(code).toBe(3);
  });

  it(`without the right to write: status says so, and changes nothing ${verifies('unwritable-home')}`, async () => {
    const home = bed.home();
    const { code, stdout } = await runWithLockedHome(home, ['status']);
    expect(stdout).toContain(`HOME_UNWRITABLE The claudex folder cannot be written to. ${home.claudexHome}: EACCES`);
    expect(code).toBe(3);
    const elsewhere = { ...home.env(), CLAUDEX_HOME: join(home.root, 'not', 'there') };
    expect((await runClaudex(['status'], { env: elsewhere, cwd: home.cwd })).stdout).not.toContain('Fix:');
    expect(existsSync(join(home.root, 'not'))).toBe(false);
    symlinkSync(home.cwd, join(home.root, 'not'));
    const link = { ...home.env(), CLAUDEX_HOME: join(home.root, 'not') };
    const linked = await runClaudex(['status', '--json'], { env: link, cwd: home.cwd });
    expect(JSON.parse(linked.stdout).problems).toMatchObject([{ code: 'HOME_NOT_PRIVATE' }]);
  });

  it.runIf(canMount).each(commands)(`on a read-only disk: %s ${verifies('unwritable-home')}`, async (command) => {
    const home = bed.home();
    const { code, stderr } = await runOnBadDisk(home, 'read-only', command.split(' '));
    expect(stderr).toMatch(expected(home.claudexHome, 'EROFS: read-only file system'));
    expect(code).toBe(3);
  });

  it.runIf(canMount).each(commands)(`on a full disk: %s ${verifies('unwritable-home')}`, async (command) => {
    const home = bed.home();
    const { code, stderr } = await runOnBadDisk(home, 'full', command.split(' '));
    expect(stderr).toMatch(expected(home.claudexHome, 'ENOSPC: no space left on device'));
    expect(code).toBe(3);
  });

  it.runIf(canMount)(
    `what a full disk has stopped starts when there is space ${verifies('unwritable-home')}`,
    async () => {
      const home = bed.home();
      const mended = 'ls "$CLAUDEX_HOME" && "$@" && "$1" "$2" daemon stop';
      const { code, stdout } = await runOnBadDisk(home, 'full', ['daemon', 'start'], mended);
      expect(stdout).not.toContain('daemon.lock');
      expect(stdout).toMatch(/The daemon runs \(pid \d+[^\n]*\nThe daemon has stopped\.\n$/);
      expect(code).toBe(0);
    },
  );

  it.runIf(canMount)(`a full disk leaves no empty token behind ${verifies('unwritable-home')}`, async () => {
    const home = bed.home();
    const serve = ['serve', '--workspaces', '..', '--print-token'];
    const { code, stdout } = await runOnBadDisk(home, 'full', serve, '"$@"');
    expect(stdout).toMatch(/^project\tcdx_\S+\n$/);
    expect(code).toBe(0);
  });
});
