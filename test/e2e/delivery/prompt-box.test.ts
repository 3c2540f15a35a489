/** What stands in claude's prompt box, or comes into it by itself, while messages come: nothing of the person's is sent, run or lost. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Message, Route } from '../../../src/protocol/message.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi, LoopbackRequest } from '../../support/loopback-api.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import {
  countInTranscripts,
  expectOnce,
  promptBox,
  submitPrompt,
  waitForPromptBox,
} from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const peerRoute: Route = realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake';
const rule = '─'.repeat(40);

interface Stage {
  home: HermeticHome;
  api: LoopbackApi;
  driver: PtyDriver;
  session: SessionRecord;
  /** Lets the turn go on that `HOLD` has begun. */
  release: () => void;
}

interface StageOptions {
  args?: string[];
  env?: (home: HermeticHome) => Record<string, string>;
  /** Claude's user settings. */
  settings?: Record<string, unknown>;
  /** Claude's keybindings.json. */
  bindings?: Record<string, string>;
  /** The message has to wait for the box, however slow the machine is. */
  patient?: boolean;
}

describe(`the prompt box of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  async function aSession({ args = [], env, settings, bindings, patient }: StageOptions = {}): Promise<Stage> {
    const home = bed.home();
    if (patient) {
      await runClaudex(['config', 'set', 'delivery.gatePatienceMs', '60000'], { env: home.env(), cwd: home.root });
    }
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    bed.defer(() => release());
    const api = await bed.api(({ prompt }: LoopbackRequest) => {
      if (prompt.includes('[claudex ')) return { text: 'the answer' };
      if (prompt.includes('HOLD')) return { text: 'held answer', until };
      return { text: prompt.includes('QUOTE') ? `\`\`\`\n${rule}\n❯ \n${rule}\n\`\`\`` : 'said' };
    });
    const config = join(home.home, '.claude');
    mkdirSync(config, { recursive: true });
    if (settings) {
      writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));
      // where 2.1.197 has it
      const global = join(home.home, '.claude.json');
      writeFileSync(global, JSON.stringify({ ...JSON.parse(readFileSync(global, 'utf8')), ...settings }));
    }
    if (bindings) {
      const blocks = { bindings: [{ context: 'Chat', bindings }] };
      writeFileSync(join(config, 'keybindings.json'), JSON.stringify(blocks));
    }
    const driver = startClaudex(args, {
      cwd: home.cwd,
      env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath(), ...env?.(home) }),
    });
    await waitForPromptBox(driver);
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    return { home, api, driver, session, release };
  }

  const becomes = (stage: Stage, state: SessionRecord['state']): Promise<SessionRecord> =>
    waitForSessionRecord(stage.home, (one) => one.id === stage.session.id && one.state === state);

  /** Sends, and waits for the answer. */
  async function send(stage: Stage, text: string): Promise<Message> {
    const id = await sendMessage(stage.home, [stage.session.id, text]);
    return await waitForMessage(stage.home, id, ['answered', 'failed']);
  }

  /** The prompt that carried the message, as the model had it. */
  const promptOf = (stage: Stage, { id }: Message): string =>
    stage.api.requests.findLast(({ prompt }) => prompt.includes(id))?.prompt ?? '';

  async function keepsDraft(stage: Stage, draft: string): Promise<void> {
    expect(await send(stage, 'TASK go')).toMatchObject({ state: 'answered', route: peerRoute });
    await waitForPromptBox(stage.driver, { content: draft });
    expect(stage.api.requests.filter(({ prompt }) => prompt.includes(draft))).toEqual([]);
    expect(countInTranscripts(stage.home, draft)).toBe(0);
  }

  it('a draft that Ctrl-S put aside, and claude puts back by itself, is not sent', async () => {
    const stage = await aSession();
    const { driver } = stage;
    driver.type('my own draft');
    await waitForPromptBox(driver, { content: 'my own draft' });
    driver.write('\x13');
    await driver.waitForScreen(/› stashed|draft stashed/);
    await submitPrompt(driver, 'quick question');
    await waitForPromptBox(driver, { content: 'my own draft' });
    await becomes(stage, 'idle');
    await keepsDraft(stage, 'my own draft');
  });

  it('a draft that waits behind an empty box stays where it is', async () => {
    const stage = await aSession();
    const { driver } = stage;
    driver.type('my own draft');
    await waitForPromptBox(driver, { content: 'my own draft' });
    driver.write('\x13');
    await driver.waitForScreen(/› stashed|draft stashed/);
    expect(await send(stage, 'TASK go')).toMatchObject({ state: 'answered', route: peerRoute });
    await driver.waitForScreen(/› stashed|draft stashed/);
    expect(countInTranscripts(stage.home, 'my own draft')).toBe(0);
  });

  it('what an editor has put into the box is not sent when a queued prompt is taken', async () => {
    const stage = await aSession({
      env: (home) => {
        const editor = join(home.root, 'editor');
        const lines = [
          '#!/bin/sh',
          `touch "${home.root}/editing"`,
          'read -r _',
          'printf "edited elsewhere" > "$1"',
          '',
        ];
        writeFileSync(editor, lines.join('\n'));
        chmodSync(editor, 0o755);
        return { EDITOR: editor, VISUAL: editor };
      },
    });
    const { api, driver, home, release } = stage;
    await submitPrompt(driver, 'HOLD this turn');
    await becomes(stage, 'busy');
    await submitPrompt(driver, 'queued B');
    await driver.waitForScreen((screen) => !promptBox(screen)?.includes('queued B') && screen.includes('queued B'));
    driver.write('\x07');
    await waitForFile(join(home.root, 'editing'), (text) => text !== undefined, { what: 'the editor' });
    // it waits for this: Enter is the last key
    driver.key('enter');
    await waitForPromptBox(driver, { content: 'edited elsewhere' });
    release();
    await driver.waitForScreen(() => api.requests.some(({ prompt }) => prompt.includes('queued B')));
    await becomes(stage, 'idle');
    await keepsDraft(stage, 'edited elsewhere');
  });

  it.runIf(realClaudeIsAtLeast('2.1.332'))('what claude starts with in its box is not sent', async () => {
    const stage = await aSession({ args: ['--prefill', 'my prefilled draft'] });
    await keepsDraft(stage, 'my prefilled draft');
  });

  it('nothing is run by bash below a box that claude has quoted', async () => {
    const stage = await aSession();
    const { home, driver } = stage;
    await submitPrompt(driver, 'QUOTE your box');
    await driver.waitForScreen(
      (screen) => screen.split('\n').filter((line) => /^\s*[●\s]*─{40}$/.test(line)).length > 1,
    );
    await becomes(stage, 'idle');
    driver.type('!');
    await driver.waitForScreen(/^!/m);
    driver.type('echo person');
    await driver.waitForScreen(/^!\secho person/m);
    const pwned = join(home.cwd, 'pwned');
    expect(await send(stage, `TASK go; touch ${pwned}\ntouch ${pwned}2`)).toMatchObject({ route: peerRoute });
    await driver.waitForScreen(/^!\secho person/m);
    expect([existsSync(pwned), existsSync(`${pwned}2`)]).toEqual([false, false]);
  });

  it('keys and a paste of the person’s that come right behind ours stay theirs', async () => {
    const stage = await aSession({ patient: true });
    const { home, driver } = stage;
    const theirs: string[] = [];
    for (let round = 0; round < 6; round++) {
      const id = await sendMessage(home, [stage.session.id, `TASK${round} go`]);
      await driver.waitForScreen((screen) => promptBox(screen)?.includes(`TASK${round}`) ?? false);
      if (round % 2 === 0) for (const key of `k${round}xyz`) driver.type(key);
      else driver.paste(`k${round}xyz`);
      const message = await waitForMessage(home, id, ['answered', 'failed']);
      expect(message).toMatchObject({ state: 'answered', route: 'paste' });
      expect(promptOf(stage, message)).not.toContain('xyz');
      theirs.push(`k${round}xyz`);
      await waitForPromptBox(driver, { content: `k${round}xyz` });
      await expectOnce(home, id);
      await becomes(stage, 'idle');
      driver.type('\x7f'.repeat(5));
      await waitForPromptBox(driver, { content: '' });
    }
    for (const keys of theirs) expect(countInTranscripts(home, keys)).toBe(0);
  });

  it('the key that keybindings.json names submits', async () => {
    const stage = await aSession({ bindings: { enter: 'chat:newline', 'ctrl+g': 'chat:submit' } });
    expect(await send(stage, 'TASK go')).toMatchObject({ state: 'answered', route: 'paste' });
    await waitForPromptBox(stage.driver, { content: '' });
  });

  it('where no key is known to submit, nothing is typed', async () => {
    const stage = await aSession({ bindings: { enter: 'chat:newline', 'ctrl+x ctrl+s': 'chat:submit' } });
    const message = await send(stage, 'TASK go');
    expect(message).toMatchObject({ state: 'answered', route: peerRoute });
    expect(message.history.map(({ reason }) => reason)).toContain('prompt box: no-submit');
    await waitForPromptBox(stage.driver, { content: '' });
  });

  it('nothing is typed in vim’s VISUAL mode, where Enter submits nothing', async () => {
    const stage = await aSession({ settings: { editorMode: 'vim' } });
    const { driver } = stage;
    await driver.waitForScreen('-- INSERT --');
    driver.key('esc');
    await driver.waitForScreen((screen) => !screen.includes('-- INSERT --'));
    driver.type('v');
    await driver.waitForScreen('-- VISUAL --');
    expect(await send(stage, 'TASK go')).toMatchObject({ state: 'answered', route: peerRoute });
    await driver.waitForScreen((screen) => promptBox(screen) === '' && screen.includes('-- VISUAL --'));
  });

  it('what is sent is what arrives, as the person’s words', async () => {
    const stage = await aSession({ patient: true });
    const bodies = [
      'path is C:\\',
      '* path is C:\\',
      '* smile :smi',
      '* look at @',
      'two \\\\',
      'smile :smi',
      'look at @',
      'one\n\nthree\n\n\nsix: the last of a few',
      'two lines\n!touch pwned',
      `a long line ${'0123456789 '.repeat(30)}end`,
    ];
    for (const body of bodies) {
      const message = await send(stage, body);
      expect(message).toMatchObject({ state: 'answered', route: 'paste' });
      const prompt = promptOf(stage, message);
      const line = `[claudex ${message.id} from ${message.sender.label}]`;
      expect(`\n${prompt}\n`).toContain(/^\w/.test(body) ? `\n${body}\n${line}\n` : `\n${line}\n${body}\n`);
      expect(prompt).not.toContain('<pasted_content');
      await becomes(stage, 'idle');
    }
  });

  it('what has tabs says where it stands as it was', async () => {
    const stage = await aSession({ patient: true });
    const body = 'x:\n\ty\tz\n\t\tend';
    const message = await send(stage, body);
    expect(message).toMatchObject({ state: 'answered', route: 'paste' });
    expect(promptOf(stage, message)).toContain('x:\n    y    z\n        end\n[claudex ');
    const command = /as it was: claudex (inbox read m\w+)\]/.exec(promptOf(stage, message))?.[1];
    const read = await runClaudex(command?.split(' ') ?? [], { env: stage.home.env(), cwd: stage.home.root });
    expect(read.stdout).toBe(`${body}\n`);
  });

  it('a conversation is called by the message’s own words', async () => {
    const stage = await aSession({ patient: true });
    const { id } = await send(stage, 'rerun the migration check');
    await expectOnce(stage.home, id);
    const list = await runClaudex(['history', '--list', '.'], { env: stage.home.env(), cwd: stage.home.cwd });
    expect(list.stdout).toContain('rerun the migration check');
    expect(list.stdout).not.toMatch(/\[claudex m\w+ from .*rerun/);
  });

  it('a held message is typed into the session that starts in its folder', async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer' });
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    const id = await sendMessage(home, [home.cwd, 'TASK held', '--hold']);
    const driver = startClaudex([], { cwd: home.cwd, env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() }) });
    await waitForPromptBox(driver);
    expect(await waitForMessage(home, id, ['answered', 'failed'])).toMatchObject({ state: 'answered', route: 'paste' });
    await expectOnce(home, id);
  });
});
