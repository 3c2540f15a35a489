/** A claude that was started inside a session takes nothing of that session and ends nothing of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { repositoryRoot, runClaudex } from '../../support/claudex.ts';
import { claudexBin } from '../../support/claudex-bin.ts';
import { daemonClient, sendMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { standAsSession } from '../../support/mcp-client.ts';
import { registerProcess } from '../../support/resources.ts';
import { useTestBed } from '../../support/test-bed.ts';

const outerConversation = '11111111-1111-4111-8111-111111111111';

describe('a claude inside a session', () => {
  const bed = useTestBed();

  /** This process is the session; what it starts runs inside. */
  async function session() {
    const home = bed.home();
    standAsSession(home, process.pid, home.cwd, outerConversation);
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    return { home, outer: await waitForSessionRecord(home, (one) => one.pid === process.pid) };
  }

  /** The hook script as claude runs it, whose claude is a process that has started it and that nobody knows. */
  async function hookOfNested(home: HermeticHome, payload: object): Promise<string> {
    const hook = join(repositoryRoot, 'hooks', 'claudex-hook');
    // the shell stays as its parent, and hands down what the outer claude has given it
    const claude = spawn('sh', ['-c', `"$0"; true`, hook], {
      env: home.env(undefined, { CLAUDE_PID: String(process.pid), CLAUDE_CODE_SESSION_ID: outerConversation }),
      cwd: home.cwd,
    });
    registerProcess(claude.pid!, 'nested claude');
    let output = '';
    claude.stdout.on('data', (chunk) => {
      output += chunk;
    });
    claude.stdin.end(JSON.stringify(payload));
    await once(claude, 'close');
    return output;
  }

  it(`takes no message, and is not taken for it ${verifies('nested-claude')}`, async () => {
    const { home, outer } = await session();
    const note = await sendMessage(home, [outer.id, '--note', 'SECRET']);
    const about = { session_id: '99999999-9999-4999-8999-999999999999', transcript_path: '/nowhere/nested.jsonl' };
    for (const event of ['SessionStart', 'UserPromptSubmit', 'Stop', 'SessionEnd']) {
      const payload = { ...about, hook_event_name: event, prompt: 'a question', prompt_id: 'p' };
      expect(await hookOfNested(home, payload)).toBe('');
      // nor does it speak of the outer conversation
      expect(await hookOfNested(home, { ...payload, session_id: outerConversation })).toBe('');
    }
    expect(await daemonClient(home).message(note)).toMatchObject({ state: 'queued', attempts: 0 });
    const [now] = await daemonClient(home).sessions();
    expect(now).toMatchObject({
      sessionId: outerConversation,
      state: 'idle',
      transcriptPath: expect.stringMatching(`${outerConversation}.jsonl$`),
    });
  });

  it(`has tools that are nobody's: its MCP server reads no inbox ${verifies('nested-claude')}`, async () => {
    const { home, outer } = await session();
    await sendMessage(home, [outer.id, '--note', 'SECRET']);
    const call = (id: number, name: string, args = {}) =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
    const initialize = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    const claude = spawn('sh', ['-c', `"$0" "$1" mcp-server; true`, process.execPath, claudexBin], {
      env: home.env(),
      cwd: home.cwd,
    });
    registerProcess(claude.pid!, 'nested claude');
    const answers: Record<number, string> = {};
    let rest = '';
    const both = new Promise<void>((resolve) => {
      claude.stdout.on('data', (chunk) => {
        rest += chunk;
        const lines = rest.split('\n');
        rest = lines.pop()!;
        for (const line of lines) answers[(JSON.parse(line) as { id: number }).id] = line;
        if (answers[2] && answers[3]) resolve();
      });
    });
    claude.stdin.write(`${initialize}\n${call(2, 'whoami')}\n${call(3, 'read_inbox', { drain: true })}\n`);
    await both;
    claude.stdin.end();
    await once(claude, 'close');
    expect(JSON.parse(answers[2]!).result.structuredContent).toMatchObject({ session: null });
    expect(answers[3]).not.toContain('SECRET');
    expect(JSON.parse(answers[3]!).result).toMatchObject({ isError: true });
  });
});
