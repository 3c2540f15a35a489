/** Answers from elsewhere to what the real claude asks: the dialog stays as it is, and the first answer counts. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectNoHooks, pressUntil, startAskingClaude } from '../../support/asking-claude.ts';
import { realClaudeIsAtLeast, realClaudeVersion } from '../../support/claude-binary.ts';
import { fixture } from '../../support/claudex-bin.ts';
import { submitPrompt, transcriptRecords, waitForSession } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

const touch = (name: string) => ({ name: 'Bash', input: { command: `touch ${name}`, description: 'make a file' } });
const choices = (count: number, multiSelect = false) => ({
  name: 'AskUserQuestion',
  input: {
    questions: Array.from({ length: count }, (_, index) => ({
      question: `Which ${index + 1}?`,
      header: `H${index + 1}`,
      multiSelect: multiSelect || index > 0,
      options: ['Red, dark', 'Blue', 'Green'].map((label) => ({ label, description: `the ${label} one` })),
    })),
  },
});

describe(`what claude ${realClaudeVersion()} asks, answered from elsewhere`, () => {
  const bed = useTestBed();

  it('an answer from elsewhere closes the dialog: yes, no with a reason, no and stop', async () => {
    const claude = await startAskingClaude(bed);
    await claude.ask(touch('yes.txt'));
    const [yes] = await claude.open();
    expect(yes).toMatchObject({ kind: 'permission', tool: 'Bash', remote: true, agent: null, name: 'project' });
    expect(yes!.shown.split('\n')[0]).toBe('touch yes.txt');
    await claude.driver.waitForScreen('Do you want to proceed?');
    await claude.answer(yes!.id, { decision: 'allow' });
    expect(await claude.settled(yes!.id, ({ taken }) => taken === true)).toMatchObject({
      state: 'answered',
      decision: 'allow',
      by: 'the test',
      via: 'command',
    });
    await claude.driver.waitForScreen('went on 1');
    expect(existsSync(join(claude.home.cwd, 'yes.txt'))).toBe(true);

    await claude.ask(touch('no.txt'));
    const [no] = await claude.open();
    await claude.answer(no!.id, { decision: 'deny', message: 'use another name' });
    expect(await claude.settled(no!.id, ({ taken }) => taken === true)).toMatchObject({ decision: 'deny' });
    await claude.driver.waitForScreen('went on 2');
    expect(claude.results()).toContain('use another name');

    await claude.ask(touch('stop.txt'));
    const [stop] = await claude.open();
    await claude.answer(stop!.id, { decision: 'deny', stop: true });
    expect(await claude.settled(stop!.id, ({ taken }) => taken === true)).toMatchObject({ decision: 'deny' });
    await claude.driver.waitForScreen('Interrupted');
    for (const name of ['no.txt', 'stop.txt']) expect(existsSync(join(claude.home.cwd, name))).toBe(false);
    await expectNoHooks(claude.home);
  });

  it('the person in the terminal is first: by a key, by Esc; a late answer is told so, and no hook stays', async () => {
    const claude = await startAskingClaude(bed);
    for (const key of ['enter', 'esc'] as const) {
      await claude.ask(touch(`${key}.txt`));
      const [asked] = await claude.open();
      await claude.driver.waitForScreen('Do you want to proceed?');
      await pressUntil(claude.driver, key, async () => (await claude.client.question(asked!.id)).state !== 'open');
      expect(await claude.settled(asked!.id)).toMatchObject({
        state: 'answered',
        via: 'terminal',
        by: null,
        input: null,
      });
      await expect(claude.answer(asked!.id, { decision: 'allow' })).rejects.toMatchObject({
        code: 'QUESTION_OVER',
        facts: expect.stringMatching(/^Answered in the terminal \d+ s ago\.$/),
      });
      await expectNoHooks(claude.home);
      await waitForSession(claude.home, (await claude.client.sessions())[0]!.pid, 'idle');
    }
    expect(existsSync(join(claude.home.cwd, 'enter.txt'))).toBe(true);
    expect(existsSync(join(claude.home.cwd, 'esc.txt'))).toBe(false);
  });

  it('always: one of claude’s own offers, and it does not ask for that again', async () => {
    const claude = await startAskingClaude(bed);
    await claude.ask(touch('one.txt'));
    const [first] = await claude.open();
    const offer = first!.suggestions.findIndex(({ text }) => text.includes('acceptEdits')) + 1;
    expect(await claude.answer(first!.id, { decision: 'allow', always: offer })).toMatchObject({
      always: 'permission mode acceptEdits in this session',
    });
    await claude.driver.waitForScreen('went on 1');
    await claude.ask(touch('two.txt'));
    await claude.driver.waitForScreen('went on 2');
    expect(existsSync(join(claude.home.cwd, 'two.txt'))).toBe(true);
    expect(await claude.client.questions()).toEqual([]);
  });

  it('Write, Edit and an MCP tool: shown as what they would do', async () => {
    const mcp = { mcpServers: { one: { command: process.execPath, args: [fixture('mcp-one-tool.mjs'), 'poke'] } } };
    const claude = await startAskingClaude(bed, {
      args: ['--permission-mode', 'default', '--strict-mcp-config', '--mcp-config', JSON.stringify(mcp)],
    });
    const path = join(claude.home.cwd, 'notes.txt');
    await claude.ask({ name: 'Write', input: { file_path: path, content: 'one\ntwo\nthree\n' } });
    const [write] = await claude.open();
    expect(write!.shown).toBe(`new file ${path}\n+one\n+two\n+three`);
    await claude.answer(write!.id, { decision: 'allow' });
    await claude.driver.waitForScreen('went on 1');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');

    await claude.ask({ name: 'Edit', input: { file_path: path, old_string: 'two', new_string: 'zwei' } });
    const [edit] = await claude.open();
    expect(edit!.shown).toContain(`${path}\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three`);
    await claude.answer(edit!.id, { decision: 'allow' });
    await claude.driver.waitForScreen('went on 2');
    expect(readFileSync(path, 'utf8')).toBe('one\nzwei\nthree\n');

    await claude.ask({ name: 'mcp__one__poke', input: { depth: 3 } });
    const [poke] = await claude.open();
    expect(poke).toMatchObject({ tool: 'mcp__one__poke', kind: 'permission', shown: 'depth: 3' });
    await claude.answer(poke!.id, { decision: 'allow' });
    await claude.driver.waitForScreen('went on 3');
    expect(claude.results()).toContain('no tools/call');
  });

  it('a question with options: one, several, two at once, a text of one’s own', async () => {
    const claude = await startAskingClaude(bed);
    await claude.ask(choices(1));
    const [one] = await claude.open();
    expect(one).toMatchObject({ kind: 'question', tool: 'AskUserQuestion' });
    expect(one!.shown).toBe(
      'Which 1?\n  1) Red, dark: the Red, dark one\n  2) Blue: the Blue one\n  3) Green: the Green one',
    );
    await expect(claude.answer(one!.id, { decision: 'allow' })).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    await claude.answer(one!.id, { decision: 'answer', answers: [['Blue']] });
    await claude.driver.waitForScreen('went on 1');
    expect(claude.results()).toContain('\\"Which 1?\\"=\\"Blue\\"');

    await claude.ask(choices(1, true));
    const [several] = await claude.open();
    await claude.answer(several!.id, { decision: 'answer', answers: [['Blue', 'Green']] });
    await claude.driver.waitForScreen('went on 2');
    expect(claude.results()).toContain('\\"Which 1?\\"=\\"Blue, Green\\"');

    await claude.ask(choices(2));
    const [two] = await claude.open();
    expect(two!.choices.map(({ multiSelect }) => multiSelect)).toEqual([false, true]);
    await claude.answer(two!.id, { decision: 'answer', answers: ['a text of my own', ['Green']] });
    await claude.driver.waitForScreen('went on 3');
    expect(claude.results()).toContain('\\"Which 1?\\"=\\"a text of my own\\", \\"Which 2?\\"=\\"Green\\"');
    await expectNoHooks(claude.home);
  });

  it('a plan', async () => {
    const claude = await startAskingClaude(bed, { args: ['--permission-mode', 'plan'] });
    const text = '# The plan\n\n1. touch a file';
    const [prompt, call] = ['plan it', { name: 'ExitPlanMode', input: { plan: text } }];
    await submitPrompt(claude.driver, prompt);
    await claude.driver.waitForScreen('went on 0');
    // 2.1.332 has told the model of a file for the plan, and says nothing of it in the request
    const file = transcriptRecords(claude.home).find(({ attachment }) => attachment?.type === 'plan_mode')?.attachment;
    if (realClaudeIsAtLeast('2.1.332')) expect(file?.planFilePath).toMatch(/\.md$/);
    if (typeof file?.planFilePath === 'string') {
      mkdirSync(dirname(file.planFilePath), { recursive: true });
      writeFileSync(file.planFilePath, text);
    }
    await claude.ask(call);
    const [plan] = await claude.open();
    expect(plan).toMatchObject({ kind: 'plan', tool: 'ExitPlanMode' });
    expect(plan!.shown.slice(0, text.length)).toBe(text);
    await claude.answer(plan!.id, { decision: 'allow' });
    expect(await claude.settled(plan!.id, ({ taken }) => taken === true)).toMatchObject({ decision: 'allow' });
    await claude.driver.waitForScreen('went on 1');
    await expectNoHooks(claude.home);
  });

  it('WebFetch: what is asked is the permission, whatever comes of the page', async () => {
    const claude = await startAskingClaude(bed);
    const url = 'http://127.0.0.1:9/x';
    await claude.ask({ name: 'WebFetch', input: { url, prompt: 'what is there?' } });
    const [fetch] = await claude.open();
    expect(fetch).toMatchObject({ kind: 'permission', tool: 'WebFetch', remote: true });
    expect(fetch!.shown).toContain(`url: ${url}`);
    await claude.answer(fetch!.id, { decision: 'allow' });
    expect(await claude.settled(fetch!.id, ({ taken }) => taken === true)).toMatchObject({ decision: 'allow' });
    await claude.driver.waitForScreen('went on 1');
    // it was let, and nobody is there
    expect(claude.results()).not.toMatch(/doesn't want to proceed|denied/);
    await expectNoHooks(claude.home);
  });

  it('two equal ones at once are two: one is answered in the terminal, the other from elsewhere', async () => {
    const claude = await startAskingClaude(bed);
    const fetch = { name: 'WebFetch', input: { url: 'http://127.0.0.1:9/x', prompt: 'what is there?' } };
    await claude.ask(fetch, fetch);
    const both = await claude.open(2);
    expect(new Set(both.map(({ id }) => id)).size).toBe(2);
    await claude.driver.waitForScreen('Do you want to allow Claude to fetch this content?');
    const openNow = async () => (await claude.client.questions()).filter(({ state }) => state === 'open').length;
    await pressUntil(claude.driver, 'enter', async () => (await openNow()) === 1);
    const [left] = await claude.open(1);
    await claude.answer(left!.id, { decision: 'deny', message: 'one is enough' });
    // on the screen, because 2.1.332 tells the API of one of two equal results that it is missing
    await claude.driver.waitForScreen('one is enough');
    await claude.driver.waitForScreen('went on 1');
    const ended = await claude.client.questions({ ended: true });
    expect(ended.map(({ via }) => via).sort()).toEqual(['command', 'terminal']);
    await expectNoHooks(claude.home);
  });
});
