/** Reading conversations of the real claude: live, cleared, ended, resumed. */
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../src/claude/transcript/turn.ts';
import type { SearchHit } from '../../../src/history/scan-transcript.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { claudexBin, runClaudex, startClaudex } from '../../support/claudex.ts';
import { waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi } from '../../support/loopback-api.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { runFromMenu, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

describe(`conversations of claude ${realClaudeVersion()}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function supervised(home: HermeticHome, api: LoopbackApi, args: string[] = []) {
    const driver = startClaudex([...args, '--permission-mode', 'default', '--allowedTools=Bash'], {
      cwd: home.cwd,
      env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() }),
    });
    await waitForPromptBox(driver);
    return { driver, session: await idle(home) };
  }

  const idle = (home: HermeticHome, fits: (one: SessionRecord) => boolean = () => true) =>
    waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle' && fits(one));

  /** A whole turn, until its answer stands in the transcript. */
  async function turn(home: HermeticHome, driver: PtyDriver, prompt: string, answer: string): Promise<void> {
    await submitPrompt(driver, prompt);
    const { transcriptPath } = await waitForSessionRecord(home, (one) => one.supervised && one.transcriptPath !== null);
    // a claude that is new writes the end of its first turn before the beginning
    const isWhole = (text: string | undefined): boolean =>
      [prompt, `"text":"${answer}"`].every((one) => text?.includes(one));
    await waitForFile(transcriptPath!, (text) => isWhole(text) || undefined, { what: answer });
    await idle(home);
  }

  async function exit(home: HermeticHome, driver: PtyDriver): Promise<void> {
    driver.key('ctrl-c');
    await driver.waitForScreen('Press Ctrl-C again to exit');
    driver.key('ctrl-c');
    await driver.waitForExit();
    expect(JSON.parse((await claudex(home, 'list', '--json')).stdout)).toEqual([]);
  }

  const claudex = (home: HermeticHome, ...args: string[]) => runClaudex(args, { cwd: home.cwd, env: home.env() });
  const prompts = async (home: HermeticHome, target: string): Promise<string[]> =>
    (JSON.parse((await claudex(home, 'history', target, '--json')).stdout) as Turn[]).map(
      (one) => `${one.index} ${one.prompt}: ${one.answer} (${one.outcome})`,
    );

  it(`are read live, after /clear, after the end, and on from a resume ${verifies('history-turns', 'history-target', 'session-name')}`, async () => {
    const home = bed.home();
    const api = await bed.api((request) => {
      if (request.isToolResult) return { text: 'the tool has run' };
      if (request.prompt.includes('RUNIT'))
        return { toolUse: { name: 'Bash', input: { command: 'echo from the tool' } } };
      return { text: request.prompt.includes('after the clear') ? 'a new beginning' : 'an ünïcode "answer"' };
    });
    const { driver, session } = await supervised(home, api);
    const first = session.sessionId!;

    await turn(home, driver, 'say something', 'an ünïcode \\"answer\\"');
    await turn(home, driver, 'RUNIT please', 'the tool has run');
    const firstTurns = [
      '1 say something: an ünïcode "answer" (answered)',
      '2 RUNIT please: the tool has run (answered)',
    ];
    expect(await prompts(home, session.name)).toEqual(firstTurns);
    const shown = (await claudex(home, 'show', session.id, '2')).stdout;
    expect(shown).toContain('  Bash  echo from the tool  13 B\n');
    expect(shown).toContain('    from the tool\n');
    const hits = JSON.parse(
      (await claudex(home, 'search', session.id, 'from the tool', '--json')).stdout,
    ) as SearchHit[];
    expect(hits.map((hit) => `${hit.turn} ${hit.where}`)).toEqual(['2 tool-input', '2 tool-result']);

    await submitPrompt(driver, '/rename my-talk');
    await idle(home, (one) => one.claudeName === 'my-talk');
    expect((await claudex(home, 'list')).stdout).toContain('my-talk');
    expect(await prompts(home, 'my-talk')).toEqual(firstTurns);

    const follower = startInPty(process.execPath, [claudexBin, 'history', '-f', '-n', '1', session.id], {
      cwd: home.cwd,
      env: home.env(),
    });
    await follower.waitForScreen(/RUNIT please[\s\S]*Bash {2}echo from the tool {2}13 B[\s\S]*the tool has run/);
    await claudex(home, 'name', session.id, 'helper');

    await runFromMenu(driver, '/clear');
    const cleared = (await idle(home, (one) => one.sessionId !== first)).sessionId!;
    await waitForPromptBox(driver, { content: '' });
    await turn(home, driver, 'after the clear', 'a new beginning');
    const clearedTurns = ['1 after the clear: a new beginning (answered)'];
    expect(await prompts(home, session.id)).toEqual(clearedTurns);
    expect(await prompts(home, first)).toEqual(firstTurns);
    await follower.waitForScreen(/\(conversation [0-9a-f-]+\)[\s\S]*after the clear[\s\S]*a new beginning/);
    await exit(home, driver);
    expect(await follower.waitForExit()).toEqual({ code: 0, signal: null });

    expect(await prompts(home, '.')).toEqual(clearedTurns);
    expect(await prompts(home, 'helper')).toEqual(clearedTurns);
    expect(await prompts(home, first.slice(0, 8))).toEqual(firstTurns);
    const everywhere = JSON.parse((await claudex(home, 'search', '.', '-E', 'ünï|beginning', '--json')).stdout);
    expect(new Set((everywhere as SearchHit[]).map((hit) => hit.sessionId))).toEqual(new Set([first, cleared]));

    const again = await supervised(home, api, ['--resume', cleared]);
    expect((await idle(home, (one) => one.sessionId === cleared)).alias).toBe('helper');
    await exit(home, again.driver);

    const resumed = await supervised(home, api, ['--resume', first]);
    await turn(home, resumed.driver, 'after the resume', 'an ünïcode \\"answer\\"');
    expect(resumed.session.sessionId).toBe(first);
    expect(await prompts(home, resumed.session.id)).toEqual([
      ...firstTurns,
      '3 after the resume: an ünïcode "answer" (answered)',
    ]);
    expect((await claudex(home, 'history', '--list')).stdout).toMatch(new RegExp(`${first}  live `));
    await exit(home, resumed.driver);
  });
});
