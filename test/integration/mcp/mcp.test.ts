/** The MCP server with the SDK's own client, and with what no client should send. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { claudexBin, runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import { runClaudexFromElsewhere } from '../../support/from-elsewhere.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { standAsSession, startMcpClient, startSleeper, writeTranscript } from '../../support/mcp-client.ts';
import { registerProcess } from '../../support/resources.ts';
import { useTestBed } from '../../support/test-bed.ts';

const ownSessionId = '11111111-1111-4111-8111-111111111111';
const otherSessionId = '22222222-2222-4222-8222-222222222222';

describe('claudex mcp-server', () => {
  const bed = useTestBed();

  /** This process as session `front`, a sleeping one as session `back`. */
  async function twoSessions(extraEnv: Record<string, string> = {}) {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    standAsSession(home, process.pid, home.dir('front'), ownSessionId);
    standAsSession(home, startSleeper(), home.dir('back'), otherSessionId);
    await runClaudex(['daemon', 'start'], { env: home.env(undefined, extraEnv), cwd: home.root });
    const mcp = await startMcpClient(home);
    const front = await waitForSessionRecord(home, (one) => one.cwd === home.dir('front'));
    const back = await waitForSessionRecord(home, (one) => one.cwd === home.dir('back'));
    return { home, mcp, front, back };
  }

  const turn = (text: string, answer: string, at: number) => [
    {
      type: 'user',
      uuid: `u${at}`,
      promptId: `p${at}`,
      origin: { kind: 'human' },
      timestamp: `2026-01-31T18:0${at}:00.000Z`,
      message: { role: 'user', content: text },
    },
    {
      type: 'assistant',
      uuid: `a${at}`,
      timestamp: `2026-01-31T18:0${at}:30.000Z`,
      message: { role: 'assistant', stop_reason: 'end_turn', content: [{ type: 'text', text: answer }] },
    },
  ];

  it(`starts the daemon, says who it is, and lists who is there ${verifies('mcp-tools', 'mcp-identity')}`, async () => {
    const home = bed.home({ cwdNames: ['front', 'back'] });
    standAsSession(home, process.pid, home.dir('front'), ownSessionId);
    standAsSession(home, startSleeper(), home.dir('back'), otherSessionId);
    const mcp = await startMcpClient(home);
    expect(mcp.client.getInstructions()).toContain('list_instances');
    expect(Buffer.byteLength(mcp.client.getInstructions()!)).toBeLessThanOrEqual(2048);
    expect((await mcp.client.listTools()).tools.map((one) => one.name)).toContain('send_message');
    const me = await mcp.call('whoami');
    expect(me.data.session).toMatchObject({ name: 'front', claude_session_id: ownSessionId, is_you: true });
    const list = await mcp.call('list_instances');
    expect(list.data.instances.map((one: { name: string; is_you: boolean }) => [one.name, one.is_you])).toEqual([
      ['back', false],
      ['front', true],
    ]);
    expect(list.text).toContain('(you)');
    expect(mcp.stderr()).toBe('');
  });

  it(`follows its session through /clear: the id stays, claude’s own changes ${verifies('mcp-identity')}`, async () => {
    const { home, mcp, front } = await twoSessions();
    expect((await mcp.call('whoami')).data.session.claude_session_id).toBe(ownSessionId);
    standAsSession(home, process.pid, home.dir('front'), otherSessionId.replaceAll('2', '3'));
    await waitForSessionRecord(home, (one) => one.sessionId?.startsWith('3') === true);
    const { session } = (await mcp.call('whoami')).data;
    expect(session).toMatchObject({ id: front.id, claude_session_id: otherSessionId.replaceAll('2', '3') });
  });

  it(`is no session where its parent is none, and speaks as a program ${verifies('mcp-identity')}`, async () => {
    const home = bed.home({ cwdNames: ['back'] });
    standAsSession(home, startSleeper(), home.dir('back'), otherSessionId);
    const mcp = await startMcpClient(home);
    await waitForSessionRecord(home, (one) => one.cwd === home.dir('back'));
    expect(await mcp.call('whoami')).toMatchObject({ isError: false, data: { session: null } });
    expect(await mcp.call('read_inbox')).toMatchObject({
      isError: true,
      text: expect.stringContaining('NOT_IN_A_SESSION'),
    });
    const { id } = (await mcp.call('send_message', { to: 'back', body: 'hello' })).data;
    expect((await daemonClient(home).message(id)).sender).toEqual({ kind: 'peer', label: 'the MCP client test' });
  });

  it(`sends as its session, waits no longer than asked, and shows it in read_inbox ${verifies('mcp-tools', 'peer-rules')}`, async () => {
    const { home, mcp, front, back } = await twoSessions();
    const sent = await mcp.call('send_message', { to: home.dir('back'), body: 'count the rows', wait_seconds: 1 });
    expect(sent).toMatchObject({ isError: false, data: { timed_out: true, to: { id: back.id } } });
    const { id } = sent.data;
    expect(await daemonClient(home).message(id)).toMatchObject({
      sender: { kind: 'peer', id: front.id, label: `session ${front.id} (front)` },
      recipient: { id: back.id },
    });
    const inbox = await mcp.call('read_inbox');
    expect(inbox.data).toMatchObject({ waiting: [], in_hand: [], sent: [{ id, body: 'count the rows' }] });
    expect((await mcp.call('read_inbox', { message: id })).data).toMatchObject({ id, text: 'count the rows' });
    const note = await mcp.call('send_message', { to: 'back', body: 'fyi', kind: 'note' });
    expect(note.data.state).toBe('queued');
  });

  it(`knows a session’s shell by the same rules: claude’s Bash tool speaks as its session, whatever --from says ${verifies('peer-rules')}`, async () => {
    const { home, front } = await twoSessions();
    const inside = { ...home.env(), CLAUDECODE: '1' };
    for (const from of [[], ['--from', 'a program']]) {
      const sent = await runClaudex(['send', 'back', ...from, 'x'], { env: inside, cwd: home.root });
      const { sender } = await daemonClient(home).message(sent.stdout.trim());
      expect(sender).toMatchObject({ kind: 'peer', id: front.id, label: from[1] ?? `session ${front.id} (front)` });
    }
  });

  it(`is called by the name that the person gave its session, from the shell and from the tool ${verifies('session-name')}`, async () => {
    const { home, mcp, front } = await twoSessions();
    const shell = { env: home.env(), cwd: home.root };
    expect(await runClaudex(['name', 'front', 'lead'], shell)).toMatchObject({ code: 0 });
    const sent = await runClaudex(['send', 'back', 'x'], { ...shell, env: { ...shell.env, CLAUDECODE: '1' } });
    const { id } = (await mcp.call('send_message', { to: 'back', body: 'y' })).data;
    for (const one of [sent.stdout.trim(), id]) {
      expect((await daemonClient(home).message(one)).sender.label).toBe(`session ${front.id} (lead)`);
    }
  });

  it(`waits on while the daemon dies and comes back ${verifies('daemon-comes-back')}`, async () => {
    const { home, mcp, back } = await twoSessions();
    const waiting = mcp.call('send_message', { to: 'back', body: 'across the crash', wait_seconds: 40 });
    const sent = await waitForMessage(home, await firstMessage(home), ['queued']);
    process.kill((await daemonClient(home).status()).pid, 'SIGKILL');
    expect((await mcp.call('list_instances')).data.total).toBe(2);
    // its answer comes by hook, from a process of that session
    await waitForSessionRecord(home, (one) => one.id === back.id);
    await runClaudex(['inbox', 'cancel', sent.id], { env: home.env(), cwd: home.root });
    expect(await waiting).toMatchObject({ isError: true, text: expect.stringContaining('cancelled') });
  });

  it(`hands over what waits, once: the mark in the transcript is the proof ${verifies('inbox-drain', 'exactly-once')}`, async () => {
    const { home, mcp, front } = await twoSessions();
    const path = writeTranscript(home, home.dir('front'), ownSessionId, turn('hello', 'hi', 1));
    const send = async (...args: string[]) =>
      (await runClaudexFromElsewhere(['send', 'front', ...args], { env: home.env(), cwd: home.root })).stdout.trim();
    const task = await send('--from', 'ci', 'look at the build');
    const note = await send('--note', 'the API moved');
    const later = await send('--delay', '1h', 'not yet');
    expect((await mcp.call('read_inbox')).data.waiting).toHaveLength(3);
    const handed = await mcp.call('read_inbox', { drain: true });
    expect(handed.data.handed_over.map((one: { id: string }) => one.id)).toEqual([task, note]);
    expect(handed.text).toContain(`[claudex ${task} from ci]\nlook at the build`);
    expect(handed.data.remaining).toBe(1);
    // nobody else may carry it meanwhile, and a second reading hands over nothing
    expect((await daemonClient(home).message(task)).state).toBe('leased');
    expect((await mcp.call('read_inbox', { drain: true })).data.handed_over).toEqual([]);
    const content = [{ type: 'tool_result', tool_use_id: 't', content: handed.text }];
    appendFileSync(path, `${JSON.stringify({ type: 'user', promptId: 'p1', message: { role: 'user', content } })}\n`);
    for (const id of [task, note]) {
      const message = await waitForMessage(home, id, ['delivered', 'answered', 'failed']);
      expect(message).toMatchObject({ route: 'inbox-read', attempts: 1, recipient: { id: front.id } });
    }
    expect((await daemonClient(home).message(later)).state).toBe('queued');
  });

  it(`gives a message back to the queue when the tool’s result never came ${verifies('inbox-drain', 'exactly-once')}`, async () => {
    const { home, mcp } = await twoSessions({ CLAUDEX_LEASE_MS: '1000' });
    // it can be read, and the message is not in it
    writeTranscript(home, home.dir('front'), ownSessionId, turn('hello', 'hi', 1));
    const sent = await runClaudexFromElsewhere(['send', 'front', '--from', 'ci', 'once'], {
      env: home.env(),
      cwd: home.root,
    });
    const id = sent.stdout.trim();
    expect((await mcp.call('read_inbox', { drain: true })).text).toContain(id);
    await waitForMessage(home, id, ['queued']);
    expect((await mcp.call('read_inbox', { drain: true })).text).toContain(id);
  });

  it(`refuses what the peer rules forbid, and says why ${verifies('peer-rules')}`, async () => {
    const { mcp } = await twoSessions({ CLAUDEX_PEERS_PER_MINUTE: '2' });
    for (const body of ['one', 'two']) await mcp.call('send_message', { to: 'back', body });
    const third = await mcp.call('send_message', { to: 'back', body: 'three' });
    expect(third).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^PEER_RATE_LIMIT: .* in \d+ s\.\nFix: /),
    });
    expect(await mcp.call('send_message', { to: 'nobody', body: 'x' })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^NO_SUCH_SESSION: [\s\S]*list_instances/),
    });
  });

  it(`lets sessions alone with peers.allow none; the person may still send ${verifies('peer-rules')}`, async () => {
    const { home, mcp } = await twoSessions({ CLAUDEX_PEERS_ALLOW: 'none' });
    const refused = await mcp.call('send_message', { to: 'back', body: 'x' });
    expect(refused.text).toContain('PEERS_NOT_ALLOWED');
    expect((await runClaudexFromElsewhere(['send', 'back', 'x'], { env: home.env(), cwd: home.root })).code).toBe(0);
    const program = await runClaudexFromElsewhere(['send', 'back', '--from', 'ci', 'x'], {
      env: home.env(),
      cwd: home.root,
    });
    expect(program).toMatchObject({ code: 3, stderr: expect.stringContaining('peers.allow is none') });
  });

  it(`reads, searches and shows a conversation, in pages where it is long ${verifies('mcp-tools')}`, async () => {
    const { home, mcp, back } = await twoSessions();
    const mark = '[claudex mabcdefghijkmnp2 from x]';
    const long = Array.from({ length: 4000 }, (_, index) => `line ${index}`).join('\n');
    writeTranscript(home, home.dir('back'), otherSessionId, [
      ...turn('first prompt', `key sk-ant-api03-0123456789abcdef ${mark}`, 1),
      ...turn('second prompt', 'the flaky login test', 2),
      ...turn('third prompt', long, 3),
    ]);
    const history = await mcp.call('read_history', { id: 'back', last_n_turns: 2 });
    expect(history.data).toMatchObject({
      total_turns: 3,
      conversation: { claude_session_id: otherSessionId, instance: back.id, folder: home.dir('back') },
      turns: [
        { index: 2, prompt: 'second prompt', answer: 'the flaky login test', outcome: 'answered', origin: 'person' },
        { index: 3, prompt: 'third prompt' },
      ],
    });
    expect(history.data.turns[1].answer).toContain(`(${long.length} characters in all)`);
    const first = await mcp.call('read_history', { id: otherSessionId, last_n_turns: 9 });
    expect(first.data.turns[0].answer).toMatch(/^key \[secret, \d+ characters\] \[claudex: m/);
    const raw = await mcp.call('get_turn', { id: 'back', turn_index: 1, redact: false });
    expect(raw.data.text).toContain('sk-ant-api03-0123456789abcdef');
    let text = '';
    let cursor: string | undefined;
    do {
      const page = await mcp.call('get_turn', { id: 'back', turn_index: -1, ...(cursor && { cursor }) });
      expect(JSON.stringify(page.data).length).toBeLessThan(16_000);
      text += page.data.text;
      cursor = page.data.next_cursor;
    } while (cursor);
    expect(text).toContain(long);
    const found = await mcp.call('search_history', { id: '*', query: 'FLAKY' });
    expect(found.data.hits).toMatchObject([
      { claude_session_id: otherSessionId, turn: 2, where: 'answer', instance: back.id },
    ]);
    const many = await mcp.call('search_history', { id: 'back', query: '^line \\d+$', options: { regex: true } });
    expect(many.data.hits).toHaveLength(50);
    const next = await mcp.call('search_history', {
      id: 'back',
      query: '^line \\d+$',
      options: { regex: true },
      cursor: many.data.next_cursor,
    });
    expect(next.data.hits[0].text).toBe('line 50');
    expect((await mcp.call('get_turn', { id: 'back', turn_index: 7 })).text).toContain('NO_SUCH_TURN');
    expect((await mcp.call('search_history', { id: '*', query: '(', options: { regex: true } })).text).toContain(
      'BAD_PATTERN',
    );
  });

  it(`answers wrong arguments with what is right ${verifies('mcp-tools')}`, async () => {
    const mcp = await startMcpClient(bed.home());
    const wrong = await mcp.call('send_message', { to: 5, text: 'x' });
    expect(wrong).toMatchObject({ isError: true, data: { error: { code: 'BAD_REQUEST' } } });
    for (const part of ['Unrecognized key: "text"', 'at body', '"wait_seconds"', 'A call that is right']) {
      expect(wrong.text).toContain(part);
    }
    expect((await mcp.call('read_inbox', { drain: true, cursor: '3' })).text).toContain('"drain" goes alone');
    expect((await mcp.call('send_message', { to: 'x', body: 'x', kind: 'note', wait_seconds: 5 })).text).toContain(
      'A note',
    );
    expect((await mcp.call('no_such_tool')).text).toContain('there are whoami, list_instances');
  });

  it(`writes nothing but JSON-RPC, whatever comes in, and serves on ${verifies('mcp-stdout')}`, async () => {
    const home = bed.home();
    const request = (id: unknown, method: unknown, params?: unknown) =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const corpus: Array<string | Buffer> = [
      '',
      '   ',
      '{',
      'null',
      '42',
      '"text"',
      '[]',
      '{}',
      'GET / HTTP/1.1',
      'Content-Length: 20',
      '\uFEFF{"jsonrpc":"2.0"}',
      Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      '\u0000\u001b[2J',
      deep,
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${deep}}`,
      `[${request(20, 'ping')},${request(21, 'ping')}]`,
      '{"jsonrpc":"1.0","id":1,"method":"ping"}',
      '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}',
      '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":9,"result":{}}',
      '{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"x"}}',
      '{"jsonrpc":"2.0","method":"notifications/nothing"}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
      request(30, 'tools/call'),
      request(31, 'tools/call', {}),
      request(32, 'tools/call', { name: 5 }),
      request(33, 'tools/call', { name: 'whoami', arguments: 'x' }),
      request(34, 'tools/call', { name: 'whoami', arguments: [] }),
      request(35, 'tools/call', { name: '__proto__', arguments: {} }),
      '{"jsonrpc":"2.0","id":36,"method":"tools/call","params":{"name":"send_message","arguments":{"__proto__":{"to":"x"}}}}',
      request(37, 'tools/call', { name: 'send_message', arguments: { to: 'x', body: 'y'.repeat(300_000) } }),
      request(38, 'tools/call', { name: 'get_turn', arguments: { id: '../../etc/passwd', turn_index: 1e308 } }),
      request(39, 'resources/list'),
      request(40, 'no/such/method'),
      request('text-id', 'ping'),
      request(41, 5),
    ];
    const server = spawn(process.execPath, [claudexBin, 'mcp-server'], { env: home.env(), cwd: home.cwd });
    registerProcess(server.pid!, 'mcp-server');
    let out = '';
    const answered = async (id: string): Promise<void> => {
      while (!out.includes(`"id":${id}`)) await once(server.stdout, 'data');
    };
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const initialize = request(1000, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'corpus', version: '1' },
    });
    for (const line of [...corpus, initialize, ...corpus, request(1001, 'tools/list')]) {
      server.stdin.write(line);
      server.stdin.write('\n');
    }
    await answered('1001');
    await answered('40');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.stdin.end();
    expect(await ended).toBe(0);
    const lines = out.split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  });

  it.each<[title: string, last: (stdin: Writable) => void]>([
    ['when claude does', (stdin) => stdin.end()],
    ['with a line that is longer than any request', (stdin) => stdin.write('x'.repeat(5 << 20))],
  ])(`ends %s, whatever it waits for ${verifies('mcp-identity')}`, async (_title, last) => {
    const { home } = await twoSessions();
    const server = spawn(process.execPath, [claudexBin, 'mcp-server'], { env: home.env(), cwd: home.cwd });
    registerProcess(server.pid!, 'mcp-server');
    server.stdout.resume();
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const call = { name: 'send_message', arguments: { to: 'back', body: 'x', wait_seconds: 3600 } };
    for (const [id, method, one] of [
      [1, 'initialize', params],
      [2, 'tools/call', call],
    ]) {
      server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: one })}\n`);
    }
    await firstMessage(home);
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.stdin.on('error', () => undefined); // it reads no more
    last(server.stdin);
    expect(await ended).toBe(0);
  });

  /** The id of the only message, once there is one. */
  async function firstMessage(home: HermeticHome): Promise<string> {
    for await (const _event of await daemonClient(home).events()) {
      const [message] = await daemonClient(home).messages();
      if (message) return message.id;
    }
    throw new Error('the daemon went away');
  }
});
