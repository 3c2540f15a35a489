/** What claude cannot show, what it asks a person about, and who is waited for after a restart: each message goes in once or says why not. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi } from '../../support/loopback-api.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import {
  countInTranscripts,
  expectOnce,
  promptBox,
  submitPrompt,
  waitForPromptBox,
} from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** Claude holds a peer's message in bypassPermissions mode. */
const holdsPeers = realClaudeIsAtLeast('2.1.330');
const heldTitle = 'Held message from another session';

describe(`unproven and unanswered, claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  interface StartOptions {
    home: HermeticHome;
    api: LoopbackApi;
    args?: readonly string[];
    settings?: Record<string, unknown>;
    cwd?: string;
  }

  async function start({ home, api, args = [], settings = {}, cwd = home.cwd }: StartOptions): Promise<PtyDriver> {
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    writeFileSync(join(home.home, '.claude', 'settings.json'), JSON.stringify(settings));
    const driver = startClaudex(args, { cwd, env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() }) });
    await waitForPromptBox(driver);
    await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    return driver;
  }
  /** Claude takes no key for a moment after the dialog has come up, and after a key that it has not taken; Enter in an empty box does nothing. */
  async function answer(driver: PtyDriver): Promise<void> {
    const pressing = setInterval(() => driver.key('enter'), 2000);
    // a screen that is being redrawn may lack either
    const isClosed = (screen: string): boolean =>
      !screen.includes('tell the sender') && promptBox(screen) !== undefined;
    await driver.waitForScreen(isClosed).finally(() => clearInterval(pressing));
  }
  /** Turns, not what claude asks besides (a title for the conversation, 2.1.197): that has no tools. */
  const promptsWith = (api: LoopbackApi, text: string): number =>
    api.requests.filter(({ prompt, body }) => prompt.includes(text) && (body.tools ?? []).length > 0).length;

  it(`a folder whose name claude cuts short, without hooks: proven by its transcript, once ${verifies('no-endless-repeat', 'exactly-once')}`, async () => {
    const home = bed.home({ cwdNames: ['project', `${'p'.repeat(120)}/${'q'.repeat(100)}`] });
    const cwd = home.dir(`${'p'.repeat(120)}/${'q'.repeat(100)}`);
    const api = await bed.api({ text: 'the answer' });
    await runClaudex(['config', 'set', 'delivery.leaseMs', '2000'], { env: home.env(), cwd: home.root });
    await start({ home, api, cwd, settings: { disableAllHooks: true } });
    const id = await sendMessage(home, [cwd, 'ONCEONLY']);
    const message = await waitForMessage(home, id, ['answered', 'failed', 'stuck']);
    expect(message).toMatchObject({ state: 'answered', attempts: 1, answer: 'the answer' });
    await expectOnce(home, id);
    expect(promptsWith(api, id)).toBe(1);
  });

  it(`what is due when a daemon starts is typed as the user's, once its claudex is there again ${verifies('routes')}`, async () => {
    const home = bed.home();
    await start({ home, api: await bed.api({ text: 'the answer' }) });
    const notBefore = Date.now() + 1500;
    const { id } = await daemonClient(home).send({
      target: 'project',
      body: 'DUE LATER',
      kind: 'task',
      when: 'idle',
      sender: { kind: 'user', label: 'me' },
      notBefore,
    });
    await runClaudex(['daemon', 'stop'], { env: home.env(), cwd: home.root });
    await delay(Math.max(0, notBefore - Date.now()));
    const message = await waitForMessage(home, id, ['answered', 'failed', 'stuck']);
    expect(message).toMatchObject({ state: 'answered', route: 'paste' });
    await expectOnce(home, id);
  });

  describe.runIf(holdsPeers)('in bypassPermissions mode', () => {
    const bypass = { args: ['--dangerously-skip-permissions'], settings: { skipDangerousModePermissionPrompt: true } };

    it(`the user's own message opens no dialog in a draft: it waits for the box ${verifies('denial', 'draft')}`, async () => {
      const home = bed.home();
      const driver = await start({ home, api: await bed.api({ text: 'the answer' }), ...bypass });
      driver.type('a draft that goes on');
      await waitForPromptBox(driver, { content: 'a draft that goes on' });
      const id = await sendMessage(home, ['project', 'TASK-MINE']);
      // longer than the gate's patience, after which other sessions are written to by the socket
      await delay(3000);
      const shown = await daemonClient(home).message(id);
      expect(shown).toMatchObject({ state: 'queued', waitsFor: 'an empty prompt box' });
      expect(driver.screenWithHistory()).not.toContain(heldTitle);
      driver.write('\x15');
      const message = await waitForMessage(home, id, ['answered', 'failed', 'stuck']);
      expect(message).toMatchObject({ state: 'answered', route: 'paste' });
      await expectOnce(home, id);
      expect(driver.screenWithHistory()).not.toContain(heldTitle);
    });

    it(`a peer's message comes up when nobody types, and a no is the last word ${verifies('denial', 'no-endless-repeat')}`, async () => {
      const home = bed.home();
      const api = await bed.api({ text: 'the answer' });
      const driver = await start({ home, api, ...bypass });
      driver.type('half a draft');
      await waitForPromptBox(driver, { content: 'half a draft' });
      const asked = runClaudex(['send', 'project', '--from', 'ci', '--wait=60s', 'TASK-PEER'], {
        env: home.env(),
        cwd: home.root,
        timeoutMs: 90_000,
      });
      const waiting = await waitForSessionRecord(home, (one) => one.pending === 1);
      expect(waiting.state).toBe('idle');
      const [{ id } = { id: '' }] = await daemonClient(home).messages();
      await delay(3000);
      expect(driver.screenWithHistory()).not.toContain(heldTitle);
      driver.write('\x15');
      await driver.waitForScreen(heldTitle);
      await answer(driver);
      const result = await asked;
      expect(result.stderr).toContain('denied by the person at that session');
      expect(result).toMatchObject({ code: 5 });
      expect(await daemonClient(home).message(id)).toMatchObject({
        state: 'failed',
        attempts: 1,
        reason: 'denied by the person at that session',
      });
      // the next one of the person's goes in; the denied one does not come along
      await submitPrompt(driver, 'my own prompt');
      await waitForSessionRecord(home, (one) => one.state === 'idle' && one.pending === 0);
      expect(promptsWith(api, 'TASK-PEER')).toBe(0);
      expect(countInTranscripts(home, 'TASK-PEER')).toBe(0);
    });

    it(`a peer's message that the person lets through is answered ${verifies('denial')}`, async () => {
      const home = bed.home();
      const driver = await start({ home, api: await bed.api({ text: 'the answer' }), ...bypass });
      const id = await sendMessage(home, ['project', '--from', 'ci', 'TASK-PEER']);
      await driver.waitForScreen(heldTitle);
      const choosing = setInterval(() => {
        if (!driver.screen().includes('❯ Deliver')) driver.write('\x1b[A');
      }, 2000);
      await driver.waitForScreen(/❯ Deliver this message/).finally(() => clearInterval(choosing));
      await answer(driver);
      const message = await waitForMessage(home, id, ['answered', 'failed', 'stuck']);
      expect(message).toMatchObject({ state: 'answered', route: 'inbox-socket', attempts: 1 });
      await expectOnce(home, id);
    });
  });
});
