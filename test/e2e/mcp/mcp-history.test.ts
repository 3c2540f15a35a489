/** The history tools of the MCP server on a conversation that the real claude writes: read by another client, and by claude itself. */
import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { waitForSessionRecord } from '../../support/daemon-watch.ts';
import { startMcpClient } from '../../support/mcp-client.ts';
import { submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const secret = 'ghp_0123456789abcdefghij';
/** The command does not hold what it prints. */
const command = `printf 'wörd%s\\n' -count; printf '%s%s\\n' ghp_ 0123456789abcdefghij`;

describe(`the history tools on conversations of claude ${realClaudeVersion()}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  it(`list, search and show a turn with a tool call, live and ended, to a client and to claude itself ${verifies('mcp-tools', 'history-turns', 'history-redacted')}`, async () => {
    const home = bed.home();
    const shell = { env: home.env(), cwd: home.cwd };
    expect(await runClaudex(['install'], shell)).toMatchObject({ code: 0, stderr: '' });
    const api = await bed.api((request) =>
      request.prompt.includes('TOOL') || request.isToolResult ? scriptedTools(request) : { text: 'the first answer' },
    );
    const driver = startClaudex(['--permission-mode', 'default', '--allowedTools', 'mcp__claudex', 'Bash'], {
      cwd: home.cwd,
      env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() }),
    });
    await waitForPromptBox(driver);
    const idle = (): Promise<SessionRecord> =>
      waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle' && one.sessionId !== null);
    const { id, sessionId } = await idle();
    /** A whole turn, until its answer stands in the transcript. */
    const turn = async (prompt: string, answer: string): Promise<void> => {
      await submitPrompt(driver, prompt);
      const { transcriptPath } = await waitForSessionRecord(home, (one) => one.transcriptPath !== null);
      const isWhole = (text?: string): boolean => text?.includes(`"text":"${answer}`) === true;
      await waitForFile(transcriptPath!, isWhole, { what: answer });
      await idle();
    };
    await turn('what is this', 'the first answer');
    await turn(`count: ${callsTool('Bash', { command, description: 'count' })}`, 'wörd-count');

    const mcp = await startMcpClient(home);
    const conversation = { claude_session_id: sessionId, folder: home.cwd, instance: id };
    const read = await mcp.call('read_history', { id });
    expect(read).toMatchObject({ isError: false, data: { conversation, total_turns: 2 } });
    expect(read.data.turns).toMatchObject([
      {
        index: 1,
        origin: 'person',
        outcome: 'answered',
        prompt: 'what is this',
        answer: 'the first answer',
        tools: '',
      },
      { index: 2, origin: 'person', outcome: 'answered', prompt: expect.stringContaining('count: '), tools: 'Bash' },
    ]);
    expect(read.data.turns[1].answer).toMatch(/^wörd-count\n\[secret, 24 characters\]/);

    const found = await mcp.call('search_history', { id: '*', query: 'WÖRD-count' });
    const hit = { claude_session_id: sessionId, folder: home.cwd, instance: id, turn: 2, text: 'wörd-count' };
    expect(found.data.hits).toMatchObject([
      { ...hit, where: 'tool-result' },
      { ...hit, where: 'answer' },
    ]);
    const called = await mcp.call('search_history', { id, query: '^printf', options: { regex: true } });
    expect(called.data.hits).toMatchObject([{ turn: 2, where: 'tool-input', tool: 'Bash', text: command }]);
    expect((await mcp.call('search_history', { id, query: secret })).text).not.toContain(secret);

    const whole = await mcp.call('get_turn', { id: home.cwd, turn_index: -1 });
    expect(whole.data).toMatchObject({ conversation, turn: { index: 2, tools: 'Bash', outcome: 'answered' } });
    expect(whole.data.text).toContain(`Tool Bash ${JSON.stringify({ command, description: 'count' })}\ngave `);
    expect(whole.data.text).toContain('wörd-count\n[secret, 24 characters]');
    expect(whole.text).not.toContain(secret);
    expect((await mcp.call('get_turn', { id, turn_index: 2, redact: false })).text).toContain(secret);
    expect(await mcp.call('get_turn', { id, turn_index: 3 })).toMatchObject({
      isError: true,
      text: expect.stringContaining('NO_SUCH_TURN'),
    });

    // claude reads its own, and says what the tool gave
    await turn(callsTool('mcp__claudex__get_turn', { id, turn_index: 1 }), '{');
    const own = (await mcp.call('get_turn', { id, turn_index: 3, redact: false })).data;
    expect(own).toMatchObject({ turn: { tools: 'mcp__claudex__get_turn' } });
    expect(own.text).toContain('the first answer');

    driver.key('ctrl-c');
    await driver.waitForScreen('Press Ctrl-C again to exit');
    driver.key('ctrl-c');
    await driver.waitForExit();
    const ended = await mcp.call('read_history', { id: sessionId!, last_n_turns: 1 });
    expect(ended.data).toMatchObject({
      conversation: { ...conversation, instance: null },
      total_turns: 3,
      turns: [{ index: 3 }],
    });
  });
});
