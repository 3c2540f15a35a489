/** The facts about claude that claudex leans on, held against the real binary (docs/claude-facts.md). */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { claudeOptions } from '../../src/claude/command-line/options.ts';
import { realClaudePath, realClaudeVersion } from '../support/claude-binary.ts';
import { createHookLog } from '../support/hook-log.ts';
import {
  countInTranscripts,
  promptBox,
  runFromMenu,
  sessionFile,
  startBareClaude,
  submitPrompt,
  transcriptRecords,
  userMessagesInTranscript,
  waitForPromptBox,
  waitForSession,
} from '../support/real-claude.ts';
import { run } from '../support/run-command.ts';
import { useTestBed } from '../support/test-bed.ts';
import { waitForFile } from '../support/wait-for-file.ts';

describe(`claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  async function startedClaude() {
    const home = bed.home();
    const hooks = createHookLog(home);
    const api = await bed.api();
    const driver = startBareClaude(home, { api, settings: hooks.settings });
    await waitForPromptBox(driver);
    await waitForSession(home, driver.pid, 'idle');
    return { home, hooks, api, driver };
  }

  /** An API that holds its answer back until the test lets it go. */
  function heldAnswer(text: string) {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { reply: { text, until }, release };
  }

  /** Waits until a finished turn's records are in the transcript. */
  async function transcriptOf(payload: { transcript_path: string }, needle: string): Promise<void> {
    await waitForFile(payload.transcript_path, (text) => text?.includes(needle), { what: needle });
  }

  it('draws its whole screen when its terminal has had another size for a moment', async () => {
    const { driver, home } = await startedClaude();
    await submitPrompt(driver, 'questionable');
    await driver.waitForScreen(/● ?ok/);
    await waitForSession(home, driver.pid, 'idle');
    // as long as `ClaudeOnPty.redraw` leaves it: at once, claude would find the size that it knows
    const before = driver.rawOutput().length;
    driver.resize(100, 31);
    await delay(250);
    driver.resize(100, 30);
    await driver.waitForOutput(() => driver.rawOutput().subarray(before).includes('questionable'));
  });

  it('has no option that our table does not have, and each with as many values', () => {
    const home = bed.home();
    const help = execFileSync(realClaudePath(), ['--help'], { env: home.env(), encoding: 'utf8' });
    const told = [...help.matchAll(/^ {2}(-[^\s,]+(?:, -[^\s,]+)*)(?: ([<[])[^>\]]*?(\.{3})?[>\]])?(?: |$)/gm)];
    expect(told.length).toBeGreaterThan(50);
    for (const [, names, bracket, dots] of told) {
      const values = dots ? 'many' : bracket === '<' ? 1 : bracket === '[' ? 'optional' : 0;
      for (const name of names!.split(', '))
        expect({ name, ...claudeOptions.get(name) }).toMatchObject({ name, values });
    }
  });

  it('takes a word after an option with a value for that value, also when it is the name of a command', () => {
    const home = bed.home();
    const run = (...args: string[]) =>
      spawnSync(realClaudePath(), args, { env: home.env(), input: '', encoding: 'utf8' });
    expect(run('mcp', 'list').stdout).toContain('No MCP servers');
    for (const args of [['--resume'], ['--add-dir', home.cwd], ['--tools', 'Bash']]) {
      const { stdout, status } = run(...args, 'mcp', 'list');
      expect(stdout).not.toContain('No MCP servers');
      expect(status).not.toBe(0);
    }
  });

  it('carries hooks through --settings, exec makes claude the parent of the hook', async () => {
    const { home, hooks, driver } = await startedClaude();
    const start = await hooks.waitFor('SessionStart');
    expect(start.parentPid).toBe(driver.pid);
    expect(start.payload.source).toBe('startup');
    expect(start.payload.cwd).toBe(home.cwd);
    expect(start.environmentSessionId).toBe(start.payload.session_id);
    expect(sessionFile(home, driver.pid)?.sessionId).toBe(start.payload.session_id);
    expect(sessionFile(home, driver.pid)?.cwd).toBe(home.cwd);
    expect(existsSync(join(home.home, '.claude', 'settings.json'))).toBe(false);
  });

  it('tells hooks by CLAUDE_CODE_ENTRYPOINT whether it is a session or `claude -p`', async () => {
    const { home, hooks, api } = await startedClaude();
    expect((await hooks.waitFor('SessionStart')).entrypoint).toBe('cli');
    const settings = JSON.stringify(hooks.settings);
    await run(realClaudePath(), ['--settings', settings, '-p', 'hello'], { env: home.env(api), cwd: home.cwd });
    expect((await hooks.waitFor('UserPromptSubmit')).entrypoint).toBe('sdk-cli');
  });

  it('says idle, busy, idle in its session file, and removes it at its exit', async () => {
    const { home, api, driver } = await startedClaude();
    const answer = heldAnswer('the answer');
    api.setScript(() => answer.reply);
    await submitPrompt(driver, 'a question');
    await waitForSession(home, driver.pid, 'busy');
    answer.release();
    await driver.waitForScreen('the answer');
    await waitForSession(home, driver.pid, 'idle');
    driver.key('ctrl-c');
    await driver.waitForScreen('Press Ctrl-C again to exit');
    driver.key('ctrl-c');
    expect(await driver.waitForExit()).toEqual({ code: 0, signal: null });
    expect(sessionFile(home, driver.pid)).toBeUndefined();
  });

  it('says waiting for an open dialog, and idle after Esc, with no hook event', async () => {
    const { home, hooks, driver } = await startedClaude();
    await hooks.waitFor('SessionStart');
    await submitPrompt(driver, '/model');
    await driver.waitForScreen('Select model');
    const waiting = await waitForSession(home, driver.pid, 'waiting');
    expect(waiting.waitingFor).toBe('dialog open');
    expect(promptBox(driver.screen())).toBeUndefined();
    driver.key('esc');
    const idle = await waitForSession(home, driver.pid, 'idle');
    expect(idle.waitingFor).toBeUndefined();
    await waitForPromptBox(driver);
    expect(hooks.names()).toEqual(['SessionStart']);
  });

  it('ends a turn with a Stop that has the prompt_id of its UserPromptSubmit', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    api.setScript(() => ({ text: 'first answer' }));
    await submitPrompt(driver, 'first question');
    const firstStop = await hooks.waitFor('Stop');
    await waitForSession(home, driver.pid, 'idle');
    api.setScript(() => ({ text: 'second answer' }));
    await submitPrompt(driver, 'second question');
    const secondStop = await hooks.waitFor('Stop', (stop) => stop.prompt_id !== firstStop.payload.prompt_id);
    const prompts = hooks.events().filter(({ payload }) => payload.hook_event_name === 'UserPromptSubmit');
    expect(prompts.map(({ payload }) => payload.prompt)).toEqual(['first question', 'second question']);
    expect(prompts.map(({ payload }) => payload.prompt_id)).toEqual([
      firstStop.payload.prompt_id,
      secondStop.payload.prompt_id,
    ]);
    expect(firstStop.payload.last_assistant_message).toBe('first answer');
    expect(secondStop.payload.last_assistant_message).toBe('second answer');
    await transcriptOf(secondStop.payload, 'second answer');
    expect(userMessagesInTranscript(home)).toEqual(['first question', 'second question']);
    expect(countInTranscripts(home, 'second question')).toBe(1);
  });

  it('names the turn of a prompt queued while busy in the transcript, not always in its UserPromptSubmit', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    const answer = heldAnswer('first answer');
    api.setScript(({ prompt }) => (prompt.includes('queued question') ? { text: 'second answer' } : answer.reply));
    await submitPrompt(driver, 'first question');
    await waitForSession(home, driver.pid, 'busy');
    await submitPrompt(driver, 'queued question');
    await driver.waitForScreen((screen) => promptBox(screen)?.includes('queued question') === false);
    answer.release();
    const stop = await hooks.waitFor('Stop', (payload) => payload.last_assistant_message === 'second answer');
    await transcriptOf(stop.payload, 'second answer');
    const record = transcriptRecords(home).find(
      ({ type, message }) => type === 'user' && message?.content === 'queued question',
    );
    expect(record?.promptId).toBe(stop.payload.prompt_id);
    // 2.1.330 fires it when queued, with the id of the turn that runs then: an answer must not be matched by it.
    const submitted = await hooks.waitFor('UserPromptSubmit', ({ prompt }) => prompt === 'queued question');
    const firstPrompt = await hooks.waitFor('UserPromptSubmit');
    expect([stop.payload.prompt_id, firstPrompt.payload.prompt_id]).toContain(submitted.payload.prompt_id);
    expect(countInTranscripts(home, 'queued question')).toBe(1);
  });

  it('takes a new session id at /clear, in the same process', async () => {
    const { home, hooks, driver } = await startedClaude();
    const start = await hooks.waitFor('SessionStart');
    await runFromMenu(driver, '/clear');
    const cleared = await hooks.waitFor('SessionStart', (payload) => payload.source === 'clear');
    const end = await hooks.waitFor('SessionEnd');
    expect(end.payload.reason).toBe('clear');
    expect(end.payload.session_id).toBe(start.payload.session_id);
    expect(cleared.payload.session_id).not.toBe(start.payload.session_id);
    expect(cleared.parentPid).toBe(driver.pid);
    expect(hooks.names()).toEqual(['SessionStart', 'SessionEnd', 'SessionStart']);
    await waitForSession(home, driver.pid, (session) => session.sessionId === cleared.payload.session_id);
  });

  it('fires no Stop when Esc interrupts, and brings the prompt back into the box', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    const answer = heldAnswer('never seen');
    api.setScript(() => answer.reply);
    await submitPrompt(driver, 'a question to interrupt');
    await hooks.waitFor('UserPromptSubmit');
    await waitForSession(home, driver.pid, 'busy');
    driver.key('esc');
    await waitForSession(home, driver.pid, 'idle');
    await waitForPromptBox(driver, { content: 'a question to interrupt' });
    answer.release();
    // The next turn's Stop is the first: had the interrupt fired one, it would stand before it.
    api.setScript(() => ({ text: 'seen' }));
    driver.key('enter');
    const stop = await hooks.waitFor('Stop');
    expect(stop.payload.last_assistant_message).toBe('seen');
    expect(hooks.names()).toEqual(['SessionStart', 'UserPromptSubmit', 'UserPromptSubmit', 'Stop']);
  });

  it('gives additionalContext of UserPromptSubmit to the model, and records it', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    hooks.answerNext('UserPromptSubmit', {
      hookSpecificOutput: { hookEventName: 'UserPromptSubmit', additionalContext: 'mark-at-the-prompt' },
    });
    await submitPrompt(driver, 'a question');
    const stop = await hooks.waitFor('Stop');
    await transcriptOf(stop.payload, 'mark-at-the-prompt');
    expect(attachmentTypes(home, 'mark-at-the-prompt')).toContain('hook_additional_context');
    expect(countInTranscripts(home, 'mark-at-the-prompt')).toBe(1);
    expect(JSON.stringify(api.requests.at(-1)?.body)).toContain('mark-at-the-prompt');
  });

  it('goes on with additionalContext of Stop, in the same prompt, with stop_hook_active', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    hooks.answerNext('Stop', {
      hookSpecificOutput: { hookEventName: 'Stop', additionalContext: 'mark-at-the-stop' },
    });
    api.setScript((request) => ({ text: request.prompt.includes('mark-at-the-stop') ? 'went on' : 'first answer' }));
    await submitPrompt(driver, 'a question');
    const secondStop = await hooks.waitFor('Stop', (stop) => stop.stop_hook_active === true);
    const firstStop = await hooks.waitFor('Stop');
    expect(firstStop.payload.stop_hook_active).toBe(false);
    expect(firstStop.payload.last_assistant_message).toBe('first answer');
    expect(secondStop.payload.last_assistant_message).toBe('went on');
    expect(secondStop.payload.prompt_id).toBe(firstStop.payload.prompt_id);
    expect(hooks.names().filter((name) => name === 'UserPromptSubmit')).toHaveLength(1);
    await transcriptOf(secondStop.payload, 'went on');
    expect(attachmentTypes(home, 'mark-at-the-stop')).toContain('hook_additional_context');
    expect(countInTranscripts(home, 'mark-at-the-stop')).toBe(1);
  });

  it('goes on with the reason of a Stop that blocks, and writes it down as the feedback of a hook', async () => {
    const { home, hooks, api, driver } = await startedClaude();
    hooks.answerNext('Stop', { decision: 'block', reason: 'mark-of-the-block' });
    api.setScript((request) => ({ text: request.prompt.includes('mark-of-the-block') ? 'went on' : 'first answer' }));
    await submitPrompt(driver, 'a question');
    const secondStop = await hooks.waitFor('Stop', (stop) => stop.stop_hook_active === true);
    await transcriptOf(secondStop.payload, 'went on');
    const feedback = transcriptRecords(home).filter((record) => record.type === 'user' && record.isMeta);
    expect(feedback.map((record) => record.message?.content)).toContain('Stop hook feedback:\nmark-of-the-block');
  });

  function attachmentTypes(home: Parameters<typeof transcriptRecords>[0], needle: string): string[] {
    return transcriptRecords(home)
      .filter((record) => record.attachment && JSON.stringify(record).includes(needle))
      .map((record) => record.attachment?.type ?? '');
  }
});
