/** After `claudex install` with nothing of ours running (a reboot): a bare claude starts the daemon and is known and woken at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { expectOnce, startBareClaude, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 45_000 };

describe(`the daemon by hooks of claude ${realClaudeVersion()} ${verifies('daemon-by-hooks')}`, () => {
  const bed = useTestBed();

  const claudex = (home: HermeticHome, ...args: string[]) => runClaudex(args, { env: home.env(), cwd: home.root });
  const logged = (home: HermeticHome, wanted: RegExp) =>
    waitForFile(join(home.claudexHome, 'logs', 'daemon.log'), (text) => wanted.test(text ?? '') || undefined, {
      ...patient,
      what: String(wanted),
    });

  async function installed(): Promise<HermeticHome> {
    const home = bed.home();
    expect(await claudex(home, 'install', '--no-mcp')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(home.claudexHome, 'daemon.lock'))).toBe(false);
    return home;
  }

  it('a claude that has had no prompt yet is known, woken by send, and shows its badge', async () => {
    const home = await installed();
    const api = await bed.api({ text: 'woken' });
    const driver = startBareClaude(home, { api });
    await waitForPromptBox(driver);
    await logged(home, /"session started"/);
    const id = await sendMessage(home, [home.cwd, 'the first thing']);
    expect(await waitForMessage(home, id, ['answered'])).toMatchObject({
      route: realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake',
      attempts: 1,
      answer: 'woken',
    });
    await expectOnce(home, 'the first thing');
    const [session] = await daemonClient(home).sessions();
    expect(session).toMatchObject({ pid: driver.pid, supervised: false });
    await driver.waitForScreen(`[${session!.id}]`);
    expect(JSON.parse((await claudex(home, 'status', '--json')).stdout).problems).toEqual([]);
  });

  it('one that a person has stopped stays away from a running session, and comes for a new one', async () => {
    const home = await installed();
    const api = await bed.api({ text: 'an answer' });
    const first = startBareClaude(home, { api });
    await waitForPromptBox(first);
    await logged(home, /"session started"/);
    expect(await claudex(home, 'daemon', 'stop')).toMatchObject({ code: 0 });
    await submitPrompt(first, 'a question');
    await first.waitForScreen('● an answer');
    await submitPrompt(first, 'another one');
    await first.waitForScreen((screen) => screen.split('● an answer').length === 3);
    expect(existsSync(join(home.claudexHome, 'daemon.lock'))).toBe(false);
    const second = startBareClaude(home, { api });
    await waitForPromptBox(second);
    await logged(home, /"daemon stops"[\s\S]*"daemon ready"/);
  });

  it(`SIGTERM while an idle session runs: it is brought back, and what is due goes ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    expect(await claudex(home, 'install')).toMatchObject({ code: 0, stderr: '' });
    const api = await bed.api({ text: 'in time' });
    const driver = startBareClaude(home, { api });
    await waitForPromptBox(driver);
    await logged(home, /"session started"/);
    const id = await sendMessage(home, [home.cwd, '--delay', '1s', 'a little later']);
    const { pid } = await daemonClient(home).status();
    process.kill(pid, 'SIGTERM');
    // no command is run from here on
    await logged(home, new RegExp(`"reason":"terminated"[\\s\\S]*"message answered","id":"${id}"`));
    await expectOnce(home, 'a little later');
  });

  it('`claude -p` starts none', async () => {
    const home = await installed();
    const api = await bed.api({ text: 'printed' });
    const printed = await run(realClaudePath(), ['-p', 'a question'], { env: home.env(api), cwd: home.cwd });
    expect(printed).toMatchObject({ code: 0, stdout: 'printed\n' });
    expect(existsSync(join(home.claudexHome, 'logs'))).toBe(false);
  });
});
