/** A `--settings` file of the user's, merged for the real claude: what it holds is shown to nobody. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { waitForSessionRecord } from '../../support/daemon-watch.ts';
import { processCommandLine } from '../../support/processes.ts';
import { waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

describe(`--settings beside claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`a file of the user’s works, however long, and stays out of the process list ${verifies('launch-settings')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'here' });
    const file = join(home.root, 'mine.json');
    // longer than one word of a command line may be
    const padding = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`PAD_${index}`, 'x'.repeat(1000)]));
    const settings = {
      env: { ...padding, SECRET: 'of-the-user' },
      hooks: { Stop: [own(`printf %s "$SECRET" >${home.root}/ran`)] },
    };
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    const driver = startClaudex(['--settings', file], { cwd: home.cwd, env: home.env(api) });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    expect(processCommandLine(session.pid)).toContain('--settings');
    expect(processCommandLine(session.pid)).not.toContain('of-the-user');
    const asked = await runClaudex(['ask', session.id, 'where?'], { env: home.env(), cwd: home.root });
    expect(asked).toMatchObject({ code: 0, stdout: 'here\n' });
    await driver.waitForScreen(`[${session.id}]`);
    await waitForFile(join(home.root, 'ran'), (text) => text === 'of-the-user');
    process.kill(session.pid, 'SIGTERM');
    await driver.waitForExit();
    expect(readdirSync(join(home.claudexHome, 'launch'))).toEqual([]);
  });

  it(`hooks come along where claude is told to leave the user’s settings alone ${verifies('launch-settings')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'here' });
    expect(await runClaudex(['install', '--no-mcp'], { env: home.env(), cwd: home.root })).toMatchObject({ code: 0 });
    const driver = startClaudex(['--setting-sources', 'project'], { cwd: home.cwd, env: home.env(api) });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    const asked = await runClaudex(['ask', session.id, 'where?'], { env: home.env(), cwd: home.root });
    expect(asked).toMatchObject({ code: 0, stdout: 'here\n' });
    await driver.waitForScreen(`[${session.id}]`);
  });

  const own = (command: string) => ({ hooks: [{ type: 'command', command }] });
});
