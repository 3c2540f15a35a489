/** The main job on the real claude: who gets a message, when, and what stays untouched. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parentPid } from '../../../src/process/identity.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi } from '../../support/loopback-api.ts';
import {
  countInTranscripts,
  expectOnce,
  promptBox,
  runFromMenu,
  startBareClaude,
  submitPrompt,
  waitForPromptBox,
} from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

const hasInboxSocket = realClaudeIsAtLeast('2.1.224');

describe(`delivery into claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  /** claudex with the real claude in `home.dir(name)`, idle. */
  async function supervised(home: HermeticHome, api: LoopbackApi, name?: string, args: string[] = []) {
    const cwd = name === undefined ? home.cwd : home.dir(name);
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const driver = startClaudex(args, { cwd, env });
    await waitForPromptBox(driver);
    // this one's, not another's in the same folder: its line to the daemon comes up after claude
    const session = await waitForSessionRecord(
      home,
      (one) => parentPid(one.pid) === driver.pid && one.supervised && one.state === 'idle',
    );
    return { driver, session };
  }

  /** An API that holds back the answer to prompts with `HOLD` until the test lets it go. */
  async function holdingApi() {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const api = await bed.api((request) =>
      request.prompt.includes('HOLD') && !request.prompt.includes('after the interrupt')
        ? { text: 'held answer', until }
        : { text: 'the answer' },
    );
    return { api, release };
  }

  it('wakes an idle session: typed as the user, answered, in the transcript once, nothing written to ~/.claude settings', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api({ text: 'the migration is fine' }));
    const asked = await runClaudex(['ask', session.name, 'rerun the migration check'], {
      env: home.env(),
      cwd: home.root,
    });
    expect(asked).toMatchObject({ code: 0, stdout: 'the migration is fine\n' });
    const [message] = await daemonClient(home).messages({ ended: 1 });
    expect(message).toMatchObject({ state: 'answered', route: 'paste', attempts: 1 });
    await expectOnce(home, message!.id);
    await driver.waitForScreen('rerun the migration check');
    await driver.waitForScreen((screen) => promptBox(screen) === '');
    const installed = await runClaudex(['status', '--json'], { env: home.env(), cwd: home.root });
    expect(JSON.parse(installed.stdout)).toMatchObject({ installed: false, sessions: 1 });
  });

  it('shows the badge with id and peers', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const api = await bed.api();
    const { driver, session } = await supervised(home, api, 'api');
    await supervised(home, api, 'web');
    await submitPrompt(driver, 'hello');
    await driver.waitForScreen(`[${session.id} · 1 peer]`);
  });

  it('waits for the end of a turn, then goes in by itself', async () => {
    const home = bed.home();
    const { api, release } = await holdingApi();
    const { driver, session } = await supervised(home, api);
    await submitPrompt(driver, 'HOLD this turn');
    await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
    const id = await sendMessage(home, [session.id, 'after the turn']);
    expect((await daemonClient(home).message(id)).state).toBe('queued');
    release();
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.answer).toBe('the answer');
    await expectOnce(home, id);
  });

  it('keeps a half-typed draft and takes another way in', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api());
    driver.type('my half draft');
    await driver.waitForScreen((screen) => promptBox(screen) === 'my half draft');
    const id = await sendMessage(home, [session.id, 'not into the draft']);
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.route).toBe(hasInboxSocket ? 'inbox-socket' : 'wake');
    await expectOnce(home, id);
    await driver.waitForScreen((screen) => promptBox(screen) === 'my half draft');
    expect(countInTranscripts(home, 'my half draft')).toBe(0);
  });

  it('types once the draft has been deleted, and a pause has passed', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api());
    driver.type('draft');
    await driver.waitForScreen((screen) => promptBox(screen) === 'draft');
    const id = await sendMessage(home, [session.id, '--route', 'paste', 'when it is empty']);
    await waitForMessage(home, id, ['queued']);
    for (let count = 0; count < 'draft'.length; count++) driver.key('backspace');
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.route).toBe('paste');
    await expectOnce(home, id);
  });

  it('types nothing into an open dialog, and delivers when it has closed', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api());
    await submitPrompt(driver, '/model');
    await waitForSessionRecord(home, (one) => one.id === session.id && one.waitingFor === 'dialog open');
    const id = await sendMessage(home, [session.id, 'behind the dialog']);
    const list = await runClaudex(['list'], { env: home.env(), cwd: home.root });
    expect(list.stdout).toContain('waiting: dialog open');
    expect((await daemonClient(home).message(id)).state).toBe('queued');
    // claude says so a frame before it draws it
    await driver.waitForScreen((screen) => promptBox(screen) === undefined);
    expect(driver.screen()).not.toContain(id);
    driver.key('esc');
    await waitForMessage(home, id, ['answered']);
    await expectOnce(home, id);
    await driver.waitForScreen(/Kept model|kept model/);
  });

  it('answers no permission prompt, and delivers after the person has', async () => {
    const home = bed.home();
    const api = await bed.api((request) =>
      request.prompt.includes('RUN') && !request.isToolResult
        ? { toolUse: { name: 'Bash', input: { command: 'touch made-by-tool', description: 'make a file' } } }
        : { text: 'fine' },
    );
    const { driver, session } = await supervised(home, api, undefined, ['--permission-mode', 'default']);
    await submitPrompt(driver, 'RUN it');
    await waitForSessionRecord(home, (one) => one.id === session.id && one.waitingFor === 'permission (Bash)');
    const id = await sendMessage(home, [session.id, 'behind the permission prompt']);
    const asked = await runClaudex(['send', session.id, '--wait', '--fail-on-permission', 'and me'], {
      env: home.env(),
      cwd: home.root,
    });
    expect(asked.code).toBe(6);
    expect((await daemonClient(home).message(id)).state).toBe('queued');
    driver.key('esc');
    await waitForMessage(home, id, ['answered']);
    await expectOnce(home, id);
  });

  it('still reaches a session that was interrupted with Esc, and keeps the prompt that came back', async () => {
    const home = bed.home();
    const { api, release } = await holdingApi();
    const { driver, session } = await supervised(home, api);
    await submitPrompt(driver, 'HOLD and be interrupted');
    await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
    const id = await sendMessage(home, [session.id, 'after the interrupt']);
    driver.key('esc');
    const message = await waitForMessage(home, id, ['answered']);
    release();
    expect(message.answer).toBe('the answer');
    await expectOnce(home, id);
    await driver.waitForScreen((screen) => promptBox(screen) === 'HOLD and be interrupted');
  });

  it('fails a message whose turn is interrupted, and says so to who waits', async () => {
    const home = bed.home();
    const { api, release } = await holdingApi();
    const { driver, session } = await supervised(home, api);
    const id = await sendMessage(home, [session.id, 'HOLD for ever']);
    await waitForMessage(home, id, ['delivered']);
    await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
    driver.key('esc');
    const message = await waitForMessage(home, id, ['failed']);
    release();
    expect(message.reason).toBe('the turn was interrupted');
  });

  it('fails a message whose turn ends with an API error, and the session takes the next one', async () => {
    const home = bed.home();
    const api = await bed.api(({ prompt }) => (prompt.includes('BAD') ? { errorStatus: 400 } : { text: 'fine' }));
    const { session } = await supervised(home, api);
    const bad = await sendMessage(home, [session.id, 'BAD request']);
    expect((await waitForMessage(home, bad, ['failed'])).reason).toContain('API error');
    api.setScript(() => ({ text: 'fine' }));
    const next = await sendMessage(home, [session.id, 'and now?']);
    expect((await waitForMessage(home, next, ['answered'])).answer).toBe('fine');
    await expectOnce(home, bad);
    await expectOnce(home, next);
  });

  it('trusts no folder for the person: the message waits, and goes in once they have', async () => {
    const home = bed.home();
    const cwd = join(home.root, 'stranger');
    mkdirSync(cwd);
    const driver = startClaudex([], { cwd, env: home.env(await bed.api()) });
    const isAsked = (screen: string): boolean => screen.includes('Yes, I trust this folder');
    await driver.waitForScreen(isAsked);
    const session = await waitForSessionRecord(home, (one) => one.supervised);
    const id = await sendMessage(home, [session.id, 'behind the question']);
    expect(await daemonClient(home).message(id)).toMatchObject({ state: 'queued', attempts: 0 });
    expect(driver.screen()).toSatisfy(isAsked);
    // newer claudes propose to leave
    if (!/❯ (1\. )?Yes/.test(driver.screen())) {
      driver.type('\x1b[B');
      await driver.waitForScreen(/❯ (2\. )?Yes/);
    }
    driver.key('enter');
    expect((await waitForMessage(home, id, ['answered'])).answer).toBe('ok');
    await expectOnce(home, id);
  });

  it('keeps id and name through /clear, and delivers after it', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api());
    await submitPrompt(driver, 'hello');
    await driver.waitForScreen('● ok');
    await runFromMenu(driver, '/clear');
    const cleared = await waitForSessionRecord(
      home,
      (one) => one.sessionId !== session.sessionId && one.state === 'idle',
    );
    expect(cleared.id).toBe(session.id);
    const id = await sendMessage(home, [session.id, 'after the clear']);
    expect((await waitForMessage(home, id, ['answered'])).answer).toBe('ok');
    await expectOnce(home, id);
  });

  it('says a note with the next prompt, and starts no turn for it', async () => {
    const home = bed.home();
    const { driver, session } = await supervised(home, await bed.api());
    const id = await sendMessage(home, [session.id, '--note', 'the API moved to port 8081']);
    expect((await daemonClient(home).message(id)).state).toBe('queued');
    await submitPrompt(driver, 'where is the API?');
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.route).toBe('next-prompt');
    await expectOnce(home, id);
  });

  it('delivers a peer’s message as a peer’s, never typed as the user', async () => {
    const home = bed.home();
    const { session } = await supervised(home, await bed.api());
    const id = await sendMessage(home, [session.id, '--from', 'cron job', 'nightly check']);
    const message = await waitForMessage(home, id, ['answered']);
    expect(message.route).toBe(hasInboxSocket ? 'inbox-socket' : 'wake');
    await expectOnce(home, id);
  });

  it('knows a session that was started as bare claude, and wakes it', async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'woken' });
    await runClaudex(['install'], { env: home.env(), cwd: home.root });
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    const driver = startBareClaude(home, { api });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.pid === driver.pid && one.state === 'idle');
    expect(session.supervised).toBe(false);
    const id = await sendMessage(home, [session.id, 'wake up']);
    const message = await waitForMessage(home, id, ['answered']);
    expect(message).toMatchObject({ route: hasInboxSocket ? 'inbox-socket' : 'wake', answer: 'woken' });
    await expectOnce(home, id);
  });

  it('gives a bare claude its task at the end of a turn or with its next prompt, when told to use only that', async () => {
    const home = bed.home();
    const { api, release } = await holdingApi();
    await runClaudex(['install'], { env: home.env(), cwd: home.root });
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    const driver = startBareClaude(home, { api });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.pid === driver.pid && one.state === 'idle');
    const next = await sendMessage(home, [session.id, '--route', 'next-prompt', 'with the next prompt']);
    await submitPrompt(driver, 'HOLD the turn');
    await waitForMessage(home, next, ['delivered']);
    const end = await sendMessage(home, [session.id, '--route', 'turn-end', 'at the end of the turn']);
    release();
    expect(await waitForMessage(home, next, ['answered'])).toMatchObject({ route: 'next-prompt' });
    expect(await waitForMessage(home, end, ['answered'])).toMatchObject({ route: 'turn-end', answer: 'the answer' });
    await expectOnce(home, next);
    await expectOnce(home, end);
  });

  it('loses nothing when the daemon is killed, and finds its sessions again', async () => {
    const home = bed.home();
    const { api, release } = await holdingApi();
    const { driver, session } = await supervised(home, api);
    await submitPrompt(driver, 'HOLD while the daemon dies');
    await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
    const id = await sendMessage(home, [session.id, 'across the crash']);
    process.kill((await daemonClient(home).status()).pid, 'SIGKILL');
    const back = await waitForSessionRecord(home, (one) => one.id === session.id && one.supervised);
    expect(back.pid).toBe(session.pid);
    release();
    await waitForMessage(home, id, ['answered']);
    await expectOnce(home, id);
  });

  it('sends between two sessions, and tells apart who is ambiguous', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const api = await bed.api();
    await supervised(home, api, 'api');
    const { session: web } = await supervised(home, api, 'web');
    await supervised(home, api, 'api');
    const ambiguous = await runClaudex(['send', 'API', 'who?'], { env: home.env(), cwd: home.root });
    expect(ambiguous.code).toBe(3);
    expect(ambiguous.stderr).toContain('Fix: use one of the ids listed');
    const byPath = await sendMessage(home, [home.dir('web'), 'by path']);
    expect((await waitForMessage(home, byPath, ['answered'])).recipient.id).toBe(web.id);
  });

  it('speaks as the session that it runs in, whatever the environment says', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const unset = 'env -u CLAUDECODE -u CLAUDE_CODE_SESSION_ID -u CLAUDE_CODE_CHILD_SESSION -u CLAUDE_PID';
    const send = `"$CLAUDEX_NODE" "$CLAUDEX_BIN" send "$WEB"`;
    const api = await bed.api((request) =>
      request.isToolResult || !request.prompt.includes('try it')
        ? { text: 'done' }
        : {
            toolUse: {
              name: 'Bash',
              input: {
                command: `${unset} ${send} unset > ids; env -i PATH="$PATH" HOME="$HOME" CLAUDEX_HOME="$CLAUDEX_HOME" CLAUDE_CONFIG_DIR=/nowhere WEB="$WEB" CLAUDEX_NODE="$CLAUDEX_NODE" CLAUDEX_BIN="$CLAUDEX_BIN" sh -c '${send} empty; ${send} --from ci named' >> ids`,
                description: 'send',
              },
            },
          },
    );
    const { session: web } = await supervised(home, api, 'web');
    const { claudexBin } = await import('../../support/claudex.ts');
    const env = home.env(api, {
      CLAUDEX_CLAUDE_BIN: realClaudePath(),
      CLAUDEX_NODE: process.execPath,
      CLAUDEX_BIN: claudexBin,
      WEB: web.id,
    });
    const cwd = home.dir('api');
    const driver = startClaudex(['--permission-mode', 'default', '--allowedTools', 'Bash'], { cwd, env });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.cwd === cwd && one.state === 'idle');
    await waitForMessage(home, await sendMessage(home, [session.id, 'try it']), ['answered']);
    const { readFileSync } = await import('node:fs');
    const ids = readFileSync(join(cwd, 'ids'), 'utf8').trim().split('\n');
    const senders = await Promise.all(ids.map(async (id) => (await daemonClient(home).message(id)).sender));
    const own = { kind: 'peer', id: session.id };
    expect(senders).toEqual([
      { ...own, label: `session ${session.id} (api)` },
      { ...own, label: `session ${session.id} (api)` },
      { ...own, label: 'ci' },
    ]);
  });

  it('knows inside the Bash tool which session it is in', async () => {
    const home = bed.home();
    const api = await bed.api((request) =>
      request.isToolResult
        ? { text: 'done' }
        : {
            toolUse: {
              name: 'Bash',
              input: { command: `"$CLAUDEX_NODE" "$CLAUDEX_BIN" whoami --json > me.json`, description: 'who' },
            },
          },
    );
    const env = home.env(api, {
      CLAUDEX_CLAUDE_BIN: realClaudePath(),
      CLAUDEX_NODE: process.execPath,
      CLAUDEX_BIN: (await import('../../support/claudex.ts')).claudexBin,
    });
    const driver = startClaudex(['--permission-mode', 'default', '--allowedTools', 'Bash'], { cwd: home.cwd, env });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    const id = await sendMessage(home, [session.id, 'who are you?']);
    await waitForMessage(home, id, ['answered']);
    const { readFileSync } = await import('node:fs');
    expect(JSON.parse(readFileSync(`${home.cwd}/me.json`, 'utf8'))).toMatchObject({ id: session.id, pid: session.pid });
  });
});
