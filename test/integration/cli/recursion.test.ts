/** A `claude` on PATH that leads back to claudex must not start itself for ever. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claudexBin, runClaudex, startClaudex } from '../../support/claudex.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe('a script named claude that starts claudex', () => {
  const bed = useTestBed();

  function misled(line: string) {
    const home = bed.home();
    const bin = join(home.root, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'claude'), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, 'claude'), 0o755);
    const { CLAUDEX_CLAUDE_BIN: _, ...env } = home.env();
    return { home, env: { ...env, PATH: [bin, env.PATH].join(delimiter) } };
  }

  it.each([
    ['by exec', `exec '${process.execPath}' '${claudexBin}' "$@"`],
    ['as a child', `'${process.execPath}' '${claudexBin}' "$@"; exit $?`],
  ])('is told so (%s), without a terminal', async (_how, line) => {
    const { home, env } = misled(line);
    const result = await runClaudex(['-p', 'hello'], { env, cwd: home.cwd });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('a script that starts claudex again');
  });

  it.each([
    ['by exec', `exec '${process.execPath}' '${claudexBin}' "$@"`],
    ['as a grandchild', `sh -c '"$0" "$1" --version; true' '${process.execPath}' '${claudexBin}'; true`],
    ['by status', `'${process.execPath}' '${claudexBin}' status`],
  ])('is told so by --version and status (%s), and nothing goes on', async (_how, line) => {
    const { home, env } = misled(line);
    const version = await runClaudex(['--version'], { env, cwd: home.cwd });
    expect(version.stdout).toMatch(/^claudex \S+\nclaude: not found\. What PATH calls claude is a script/);
    const status = await runClaudex(['status', '--json'], { env, cwd: home.cwd });
    expect(JSON.parse(status.stdout)).toMatchObject({
      claude: { path: null, version: null },
      problems: [{ code: 'CLAUDE_NOT_FOUND' }],
    });
    expect(processesWithEnvironment([home.root])).toEqual([]);
  });

  it('is ended with all that it has started when it does not answer', { timeout: 60_000 }, async () => {
    const { home, env } = misled('sleep 300 & sh -c "sleep 300; true"; true');
    const version = await runClaudex(['--version'], { env, cwd: home.cwd });
    expect(version.stdout).toContain('claude (does not answer)');
    expect(processesWithEnvironment([home.root])).toEqual([]);
  });

  it('is told so on a terminal', async () => {
    const { home, env } = misled(`exec '${process.execPath}' '${claudexBin}' "$@"`);
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForScreen('What PATH calls claude');
    expect((await driver.exit).code).toBe(3);
  });
});
