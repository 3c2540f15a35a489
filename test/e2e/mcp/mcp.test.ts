/** The MCP server inside the real claude, installed as a user installs it: the scripted model calls the tools. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessage, waitForMessages, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi, LoopbackReply, LoopbackRequest } from '../../support/loopback-api.ts';
import { expectOnce, runFromMenu, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** Everything said and returned in the conversation so far, tool results included. */
function conversation(request: LoopbackRequest): string {
  return JSON.stringify(request.body.messages);
}

/** The text of the newest tool result. */
function lastToolResult(request: LoopbackRequest): string {
  const blocks = request.body.messages.flatMap((one) => (Array.isArray(one.content) ? one.content : []));
  const last = blocks.findLast((one: { type?: string }) => one.type === 'tool_result') as { content?: unknown };
  return typeof last?.content === 'string' ? last.content : JSON.stringify(last?.content ?? '');
}

/** Claude shows its prompt box before it has our server's tools: a model that is told so calls the tool again. */
function isTooEarly(request: LoopbackRequest): boolean {
  return request.isToolResult && lastToolResult(request).includes('No such tool available');
}

const tool = (name: string, input: Record<string, unknown> = {}): LoopbackReply => ({
  toolUse: { name: `mcp__claudex__${name}`, input },
});

/** Steps of one conversation: the first `steps.length` requests with tools that carry `word` get them in turn. */
function scripted(word: string, steps: Array<(request: LoopbackRequest) => LoopbackReply>) {
  let next = 0;
  return (request: LoopbackRequest): LoopbackReply | undefined => {
    if (!request.body.tools?.length || !conversation(request).includes(word)) return undefined;
    if (isTooEarly(request)) next--;
    return steps[Math.min(next++, steps.length - 1)]!(request);
  };
}

describe(`the MCP server in claude ${realClaudeVersion()}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function installed(home: HermeticHome): Promise<void> {
    expect(await runClaudex(['install'], { env: home.env(), cwd: home.root })).toMatchObject({ code: 0, stderr: '' });
  }

  async function session(home: HermeticHome, api: LoopbackApi, name: string, extra: Record<string, string> = {}) {
    const cwd = home.dir(name);
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath(), ...extra });
    const args = ['--permission-mode', 'default', '--allowedTools', 'mcp__claudex', 'Bash'];
    const driver = startClaudex(args, { cwd, env });
    await waitForPromptBox(driver);
    const record = await waitForSessionRecord(
      home,
      (one) => one.cwd === cwd && one.supervised && one.state === 'idle' && one.pid !== 0,
    );
    return { driver, record };
  }

  it(`A lists, hands B a task and waits; B wakes, uses a tool, answers; A has the text ${verifies('mcp-tools', 'peer-rules', 'exactly-once', 'answer')}`, async () => {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    await installed(home);
    const seen: Record<string, string> = {};
    const front = scripted('ORCHESTRATE', [
      () => tool('list_instances'),
      (request) => {
        seen.list = lastToolResult(request);
        return tool('send_message', { to: 'back', body: 'BACKWORK: count the rows', wait_seconds: 60 });
      },
      (request) => {
        seen.answer = lastToolResult(request);
        return { text: `front is done` };
      },
    ]);
    const back = scripted('BACKWORK', [
      (request) => {
        seen.task = request.prompt;
        return { toolUse: { name: 'Bash', input: { command: 'echo 42 rows', description: 'count' } } };
      },
      (request) => {
        seen.bash = lastToolResult(request);
        return { text: 'there are 42 rows' };
      },
    ]);
    const api = await bed.api((request) => front(request) ?? back(request) ?? { text: 'ok' });
    const { driver, record: a } = await session(home, api, 'front');
    const { record: b } = await session(home, api, 'back');
    await submitPrompt(driver, 'ORCHESTRATE please');
    await driver.waitForScreen('front is done');
    expect(seen.list).toContain(b.id);
    expect(seen.list).toContain('is_you');
    expect(seen.task).toContain(`from session ${a.id} (front)`);
    expect(seen.task).toContain(`send_message (or claudex send) to ${a.id}`);
    expect(seen.bash).toContain('42 rows');
    expect(seen.answer).toContain('there are 42 rows');
    const [message] = await daemonClient(home).messages({ ended: 1 });
    expect(message).toMatchObject({ state: 'answered', sender: { kind: 'peer', id: a.id }, recipient: { id: b.id } });
    await expectOnce(home, message!.id);
    expect(await daemonClient(home).messages({ ended: 9 })).toHaveLength(1);
  });

  it(`whoami stays right after /clear, and after the daemon was killed ${verifies('mcp-identity', 'daemon-comes-back')}`, async () => {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    await installed(home);
    const answers: string[] = [];
    const api = await bed.api((request) => {
      if (!request.body.tools?.length || !conversation(request).includes('WHO')) return { text: 'ok' };
      if (!request.isToolResult || isTooEarly(request)) return tool('whoami');
      answers.push(lastToolResult(request));
      return { text: `known ${answers.length}` };
    });
    const { driver, record } = await session(home, api, 'front');
    await session(home, api, 'back');
    await submitPrompt(driver, 'WHO are you?');
    await driver.waitForScreen('known 1');
    await runFromMenu(driver, '/clear');
    const cleared = await waitForSessionRecord(
      home,
      (one) => one.id === record.id && one.sessionId !== record.sessionId && one.state === 'idle',
    );
    process.kill((await daemonClient(home).status()).pid, 'SIGKILL');
    await submitPrompt(driver, 'WHO are you now?');
    await driver.waitForScreen('known 2');
    expect(answers).toHaveLength(2);
    for (const answer of answers) expect(answer).toContain(record.id);
    expect(answers[0]).toContain(record.sessionId);
    expect(answers[1]).toContain(cleared.sessionId);
  });

  it(`drain hands a waiting message over once, proven by the transcript; the turn is its answer ${verifies('inbox-drain', 'exactly-once')}`, async () => {
    const home = bed.home({ cwdNames: ['front'] });
    await installed(home);
    let drained = '';
    let free = (): void => {};
    const until = new Promise<void>((resolve) => {
      free = resolve;
    });
    const script = scripted('DRAIN', [
      () => ({ ...tool('read_inbox', { drain: true }), until }),
      (request) => {
        drained = lastToolResult(request);
        return { text: 'did what waited' };
      },
    ]);
    const api = await bed.api((request) => script(request) ?? { text: 'ok' });
    const { driver, record } = await session(home, api, 'front');
    await submitPrompt(driver, 'DRAIN your inbox');
    await waitForSessionRecord(home, (one) => one.id === record.id && one.state === 'busy');
    const sent = await runClaudex(['send', 'front', '--from', 'ci', 'waits for you'], {
      env: home.env(),
      cwd: home.root,
    });
    const id = sent.stdout.trim();
    expect((await daemonClient(home).message(id)).state).toBe('queued');
    free();
    const message = await waitForMessage(home, id, ['answered']);
    expect(drained).toContain('waits for you');
    expect(message).toMatchObject({ route: 'inbox-read', attempts: 1, answer: 'did what waited' });
  });

  it(`two sessions that answer each other for ever are stopped, and each message says what it answers ${verifies('peer-rules')}`, async () => {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    await installed(home);
    let refusal = '';
    const passOn = (to: string) =>
      bed.api((request) => {
        if (!request.body.tools?.length || !conversation(request).includes('PINGPONG')) return { text: 'ok' };
        if (!request.isToolResult) return tool('send_message', { to, body: 'PINGPONG' });
        if (lastToolResult(request).includes('TOO_MANY_HOPS')) refusal = lastToolResult(request);
        return { text: 'passed on' };
      });
    const limited = { CLAUDEX_PEERS_MAX_HOPS: '3' };
    await runClaudex(['daemon', 'start'], { env: home.env(undefined, limited), cwd: home.root });
    const { driver, record: front } = await session(home, await passOn('back'), 'front');
    const { record: back } = await session(home, await passOn('front'), 'back');
    await submitPrompt(driver, 'PINGPONG');
    await waitForMessages(home, (all) => all.length === 4 && all.every((one) => one.state === 'answered'));
    const messages = await daemonClient(home).messages({ ended: 9 });
    expect(messages.map((one) => one.hops ?? 0)).toEqual([0, 1, 2, 3]);
    expect(messages.map((one) => one.sender.id)).toEqual([front.id, back.id, front.id, back.id]);
    expect(messages.map((one) => one.replyTo)).toEqual([undefined, ...messages.slice(0, 3).map((one) => one.id)]);
    expect(refusal).toContain('peers.maxHops');
    for (const { id } of messages) await expectOnce(home, `[claudex ${id} from`);
  });

  it(`a session started with CLAUDEX_PEERS=off takes nothing from a session, and everything from its person ${verifies('peer-rules')}`, async () => {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    await installed(home);
    let refusal = '';
    const front = scripted('ORCHESTRATE', [
      () => tool('send_message', { to: 'back', body: 'BACKWORK' }),
      (request) => {
        refusal = lastToolResult(request);
        return { text: 'refused' };
      },
    ]);
    const api = await bed.api((request) => front(request) ?? { text: 'ok' });
    const { driver } = await session(home, api, 'front');
    const { record } = await session(home, api, 'back', { CLAUDEX_PEERS: 'off' });
    await waitForSessionRecord(home, (one) => one.id === record.id && !one.peers);
    await submitPrompt(driver, 'ORCHESTRATE');
    await driver.waitForScreen('refused');
    expect(refusal).toContain('PEERS_NOT_ALLOWED');
    const asked = await runClaudex(['ask', 'back', 'from the person'], { env: home.env(), cwd: home.root });
    expect(asked).toMatchObject({ code: 0, stdout: 'ok\n' });
  });
});
