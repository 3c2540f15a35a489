/** `claudex web` with the real claude: started, asked, watched, typed into and ended from outside, as a browser does. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { promptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };

describe(`claudex web with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`starts a session, has it answer, shows what was said, stops and resumes it ${verifies('web-api')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer' });
    const web = await startWeb(home, { api });
    const token = await web.token('view', 'send', 'manage');
    const get = async (path: string) => (await web.send(`/api/v1${path}`, { token })).json;
    const started = await web.send('/api/v1/sessions', {
      token,
      body: { cwd: home.cwd, name: 'worker', task: 'first task' },
    });
    expect(started.status).toBe(201);
    const path = `/sessions/${started.json.session.id}`;
    const answered = await web.send(`/api/v1${path}/messages?wait=60s`, { token, body: { body: 'second question' } });
    expect([answered.status, answered.json.state, answered.json.answer]).toEqual([200, 'answered', 'the answer']);
    // as the person's own word
    expect(JSON.stringify(api.requests.at(-1))).toContain('second question');
    expect(answered.json.sender.kind).toBe('user');

    // claude writes its transcript after the hook
    const said = async () =>
      (await get('/search?q=second%20question')).hits.map(({ where }: { where: string }) => where);
    await until(async () => (await said()).includes('prompt'), patient);
    await until(async () => (await get('/usage?session=worker')).turns.length === 2, patient);
    const { turns, cwd } = await get('/sessions/worker/history?last=1');
    expect(cwd).toBe(home.cwd);
    expect(turns).toMatchObject([{ answer: 'the answer', outcome: 'answered' }]);
    expect((await get('/sessions/worker/turns/1')).prompt).toContain('first task');
    // the transcript has each answer once for each of its blocks
    const usage = await get('/usage?session=worker');
    expect(usage.turns.map(({ turn }: { turn: number }) => turn)).toEqual([1, 2]);
    expect(usage.turns[1]).toMatchObject({ inputTokens: 10, outputTokens: 10 });
    const printed = await runClaudex(['usage', '--json'], { env: home.env(api), cwd: home.cwd });
    expect(JSON.parse(printed.stdout).total).toEqual(usage.total);
    expect((await get(`${path}/screen`)).text).toContain('second question');

    const change = async (what: string) => (await web.send(`/api/v1${path}/${what}`, { token, method: 'POST' })).status;
    expect(await change('stop?now=true')).toBe(200);
    await until(async () => (await get(path)).session.state === 'stopped', patient);
    // what sleeps or was stopped is still read
    expect((await get(`${path}/history`)).turns).toHaveLength(2);
    expect(await change('resume')).toBe(200);
    await until(async () => (await get(path)).session.state === 'idle', patient);
    expect(await change('stop?now=true')).toBe(200);
    await until(async () => (await get(path)).session.state === 'stopped', patient);
    expect((await web.send(`/api/v1${path}`, { token, method: 'DELETE' })).status).toBe(200);
    await until(async () => (await get('/sessions')).sessions.length === 0, patient);
  });

  it(`a browser types into a session that somebody has in a terminal of their own ${verifies('web-terminal')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer' });
    const own = startClaudex([], { cwd: home.cwd, env: home.env(api) });
    await own.waitForScreen((screen) => promptBox(screen) === '', patient);
    const web = await startWeb(home, { api });
    const token = await web.token('view', 'terminal');
    await until(
      async () => (await web.send('/api/v1/sessions/project', { token })).json.session?.state === 'idle',
      patient,
    );
    const log = await web.open('/api/v1/sessions/project/terminal', { token });
    await until(() => log.bytes().length > 0, patient);
    log.socket.send(Buffer.from('typed in a browser'));
    await own.waitForScreen((screen) => promptBox(screen) === 'typed in a browser', patient);
    await until(() => log.bytes().includes('browser'), patient);
    expect((await web.send('/api/v1/sessions/project/screen', { token })).json.text).toContain('typed in a browser');
    log.socket.close();
    await log.closed;
    own.type(' and here');
    await own.waitForScreen((screen) => promptBox(screen) === 'typed in a browser and here', patient);
    own.key('ctrl-c');
    await own.waitForScreen((screen) => promptBox(screen) === '', patient);
    own.key('ctrl-d');
    own.key('ctrl-d');
    await own.waitForExit(patient);
  });

  it(`is a chat in the words of claude-socket: answers for all, states, history ${verifies('web-chat')}`, async () => {
    const home = bed.home();
    const api = await bed.api((request) => {
      if (request.isToolResult) return { text: 'it has run' };
      if (request.prompt.includes('RUNIT'))
        return { toolUse: { name: 'Bash', input: { command: 'until [ -e go ]; do sleep 0.1; done' } } };
      return { text: 'the answer' };
    });
    const own = startClaudex(['--allowedTools=Bash'], { cwd: home.cwd, env: home.env(api) });
    await own.waitForScreen((screen) => promptBox(screen) === '', patient);
    const web = await startWeb(home, { api });
    const made = await runClaudex(['web', 'token', '--chat', 'project'], { env: home.env(api), cwd: home.cwd });
    const path = made.stdout.trim().replace(/^ws:\/\/[^/]+/, '');
    const [one, two] = [await web.open(path), await web.open(path)];
    one.socket.send(
      JSON.stringify({ type: 'message', content: 'RUNIT please', user: 'ada', ts: new Date().toISOString() }),
    );
    const replies = (log: typeof one) => log.words.filter(({ type }) => type === 'reply');
    for (const log of [one, two]) {
      await until(
        () => log.words.some(({ status, detail }) => status === 'tool_use' && detail.includes('[ -e go ]')),
        patient,
      );
    }
    writeFileSync(join(home.cwd, 'go'), '');
    for (const log of [one, two]) {
      await until(() => replies(log).length === 1, patient);
      expect(replies(log)[0]).toMatchObject({ content: 'it has run', message_id: expect.stringMatching(/^m/) });
      const states = () => log.words.filter(({ type }) => type === 'status').map(({ status }) => status);
      await until(() => states().at(-1) === 'idle', patient);
      expect(states()).toEqual(expect.arrayContaining(['thinking', 'tool_use', 'idle']));
    }
    expect(JSON.stringify(api.requests)).toContain('ada in the chat');
    // what is typed in the terminal is seen by all, too
    own.type('typed here');
    await own.waitForScreen((screen) => promptBox(screen) === 'typed here', patient);
    own.key('enter');
    for (const log of [one, two]) {
      await until(() => replies(log).length === 2, patient);
      expect(replies(log)[1].content).toBe('the answer');
    }
    // a message by the socket, whose turn is over at once, has one reply all the same: by the next turn's there would be another
    for (const content of ['quick', 'once more']) {
      const before = replies(one).length;
      one.socket.send(JSON.stringify({ type: 'message', content, user: 'ada' }));
      await until(() => replies(one).length > before, patient);
      await until(() => one.words.filter(({ type }) => type === 'status').at(-1)?.status === 'idle', patient);
    }
    own.type('the last one');
    await own.waitForScreen((screen) => promptBox(screen) === 'the last one', patient);
    own.key('enter');
    for (const log of [one, two]) {
      await until(() => replies(log).filter(({ message_id: id }) => !/^m/.test(id)).length >= 2, patient);
      expect(replies(log).map(({ message_id: id }) => /^m/.test(id))).toEqual([true, false, true, true, false]);
    }
    two.socket.send(JSON.stringify({ type: 'fetch_history', limit: 2 }));
    await until(() => two.words.some(({ type }) => type === 'history'), patient);
    const { messages } = two.words.find(({ type }) => type === 'history');
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(messages.at(-1).content).toBe('the answer');
    own.key('ctrl-c');
    own.key('ctrl-d');
    own.key('ctrl-d');
    await own.waitForExit(patient);
  });

  it(`a permission is asked in the events, and answered by the API and in the chat, by whom may ${verifies('web-api', 'web-chat')}`, async () => {
    const home = bed.home();
    const api = await bed.api((request) => {
      if (request.isToolResult) return { text: request.prompt.includes('is_error') ? 'denied' : 'it has run' };
      const name = /make (\w+)/.exec(request.prompt)?.[1];
      if (name) return { toolUse: { name: 'Bash', input: { command: `touch ${name}` } } };
      return { text: 'the answer' };
    });
    const web = await startWeb(home, { api });
    const token = await web.token('view', 'send', 'answer', 'manage');
    const body = { cwd: home.cwd, name: 'worker', args: ['--permission-mode', 'default'], task: 'make one' };
    expect((await web.send('/api/v1/sessions', { token, body })).status).toBe(201);
    const open = async () => (await web.send('/api/v1/questions?session=worker', { token })).json.questions;
    await until(async () => (await open())[0]?.remote === true, patient);
    const [asked] = await open();
    expect(asked).toMatchObject({
      kind: 'permission',
      tool: 'Bash',
      name: 'worker',
      shown: expect.stringContaining('touch one'),
    });
    const answerPath = `/api/v1/questions/${asked.id}/answer`;
    const viewing = await web.token('view', 'send');
    expect((await web.send(answerPath, { token: viewing, body: { decision: 'allow' } })).json.error.code).toBe(
      'SCOPE_MISSING',
    );
    expect((await web.send(answerPath, { token, body: { decision: 'perhaps' } })).json.error.message).toContain(
      '"decision"',
    );
    const answered = await web.send(answerPath, { token, body: { decision: 'allow' } });
    expect([answered.status, answered.json.state, answered.json.via]).toEqual([200, 'answered', 'web']);
    await until(() => existsSync(join(home.cwd, 'one')), patient);

    const made = await runClaudex(['web', 'token', '--chat', 'worker', '--scope', 'answer'], {
      env: home.env(api),
      cwd: home.cwd,
    });
    const chat = await web.open(made.stdout.trim().replace(/^ws:\/\/[^/]+/, ''));
    const deaf = await web.open('/chat?session=worker', { token: viewing });
    await web.send('/api/v1/sessions/worker/messages', { token, body: { body: 'make two' } });
    await until(() => chat.words.some(({ type }) => type === 'permission_request'), patient);
    const request = chat.words.find(({ type }) => type === 'permission_request');
    expect(request).toMatchObject({ tool_name: 'Bash', input_preview: expect.stringContaining('touch two') });
    const response = JSON.stringify({ type: 'permission_response', request_id: request.request_id, allowed: true });
    deaf.socket.send(response);
    await until(() => deaf.words.some(({ code }) => code === 'SCOPE_MISSING'), patient);
    expect(deaf.words.some(({ type }) => type === 'permission_request')).toBe(false);
    expect(existsSync(join(home.cwd, 'two'))).toBe(false);
    chat.socket.send(response);
    await until(() => existsSync(join(home.cwd, 'two')), patient);
  });
});
