/** Sessions that claude moves into the background are followed there: the agents view (←), /background, --bg, --resume of a job. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi } from '../../support/loopback-api.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { expectOnce, runFromMenu, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const viewTitle = 'describe a task for a new session';
const route = realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake';

describe(`background sessions of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  /** A home whose claude daemon is ended with the test. */
  async function place(): Promise<{ home: HermeticHome; api: LoopbackApi; env: Record<string, string> }> {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer' });
    // claude's daemon does not hand on every variable of ours to its jobs
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    const settings = { env: { ANTHROPIC_BASE_URL: api.url } };
    writeFileSync(join(home.home, '.claude', 'settings.json'), JSON.stringify(settings));
    bed.defer(async () => {
      await run(realClaudePath(), ['daemon', 'stop', '--any'], { env: home.env(api), cwd: home.cwd });
    });
    return { home, api, env: home.env(api) };
  }

  /** A session that has had a turn. */
  async function session(): Promise<{
    home: HermeticHome;
    api: LoopbackApi;
    env: Record<string, string>;
    driver: PtyDriver;
    session: SessionRecord;
  }> {
    const { home, api, env } = await place();
    const driver = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(driver);
    await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    await submitPrompt(driver, 'a first question');
    await driver.waitForScreen('the answer');
    const known = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.sessionId !== null);
    // a job goes on from what claude has written of the conversation
    await waitForFile(known.transcriptPath!, (text) => text?.includes('the answer'), { what: 'the first turn' });
    return { home, api, env, driver, session: known };
  }

  const inBackground = (home: HermeticHome, id?: string): Promise<SessionRecord> =>
    waitForSessionRecord(
      home,
      (one) => one.kind === 'background' && one.state === 'idle' && (id === undefined || one.id === id),
      150_000,
    );

  async function deliveredOnce(home: HermeticHome, api: LoopbackApi, id: string): Promise<void> {
    expect(await waitForMessage(home, id, ['answered', 'failed'])).toMatchObject({
      state: 'answered',
      route,
      answer: 'the answer',
    });
    await expectOnce(home, id);
    expect(api.requests.filter(({ prompt }) => prompt.includes(`[claudex ${id}`))).toHaveLength(1);
  }

  it(`← in an empty box: the session is the job from then on, and a message goes in once ${verifies('background', 'exactly-once')}`, async () => {
    const { home, api, driver, session: before } = await session();
    driver.key('left');
    await driver.waitForScreen(viewTitle);
    // sent while the view is open, before or after the job is there
    const first = await sendMessage(home, [before.id, 'while the agents view is open']);
    const moved = await inBackground(home, before.id);
    expect(moved).toMatchObject({ id: before.id, supervised: false });
    expect(moved.pid).not.toBe(before.pid);
    await deliveredOnce(home, api, first);
    expect(driver.screen()).toContain(viewTitle);
    // the person opens it: the same session in the same terminal
    driver.key('enter');
    await driver.waitForScreen('a first question');
    const second = await sendMessage(home, ['project', 'after coming back']);
    await deliveredOnce(home, api, second);
    expect(await daemonClient(home).sessions()).toMatchObject([{ id: before.id, pid: moved.pid }]);
  });

  it(`/background: the session goes on under its id, with what waits for it ${verifies('background', 'exactly-once')}`, async () => {
    const { home, api, env, driver, session: before } = await session();
    await runClaudex(['name', before.id, 'worker'], { env, cwd: home.root });
    const note = await sendMessage(home, [before.id, '--delay', '3s', 'sent before']);
    await runFromMenu(driver, '/background');
    await driver.waitForExit();
    const moved = await inBackground(home, before.id);
    expect(moved).toMatchObject({ alias: 'worker', supervised: false });
    await deliveredOnce(home, api, note);
    const list = await runClaudex(['list'], { env, cwd: home.root });
    expect(list.stdout).toMatch(/background/);
    await deliveredOnce(home, api, await sendMessage(home, ['worker', 'sent afterwards']));
  });

  it(`--bg: listed, and can be sent to; --resume shows what bare claude shows ${verifies('background')}`, async () => {
    const { home, api, env } = await place();
    await runClaudex(['install'], { env, cwd: home.root });
    const started = await runClaudex(['--bg', 'a question from the shell'], { env, cwd: home.cwd });
    expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining('backgrounded') });
    const job = await inBackground(home);
    await deliveredOnce(home, api, await sendMessage(home, [job.id, 'to a job']));
    await runClaudex(['uninstall'], { env, cwd: home.root });
    const driver = startClaudex(['--resume', job.sessionId!], { cwd: home.cwd, env });
    if (realClaudeIsAtLeast('2.1.330')) {
      await driver.waitForScreen('a question from the shell');
    } else {
      expect(await driver.waitForExit()).toEqual({ code: 1, signal: null });
      expect(driver.screen()).toContain('currently running as a background agent');
    }
    await inBackground(home, job.id);
    expect(await daemonClient(home).sessions()).toMatchObject([{ id: job.id, pid: job.pid }]);
  });
});
