/** The API of `claudex web` as programs meet it: its description, errors, repeated requests, events. */
import { describe, expect, it } from 'vitest';
import { webRoutes } from '../../../src/web/web-routes.ts';
import { verifies } from '../../requirements.ts';
import { fixture } from '../../support/claudex.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { startWeb } from '../../support/web.ts';

describe(`the API of claudex web ${verifies('web-api')}`, () => {
  const bed = useTestBed();

  it('openapi.json has every route with its scope, its parameters, its body and its errors, and no other', async () => {
    const web = await startWeb(bed.home());
    const { json } = await web.send('/api/v1/openapi.json', { token: await web.token('view') });
    expect(json.openapi).toBe('3.1.0');
    const described = Object.entries(json.paths as Record<string, Record<string, never>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]: [string, Record<string, never>]) => ({ method, path, ...one })),
    ) as Array<
      Record<string, never> & { method: string; path: string; parameters?: Array<{ in: string; name: string }> }
    >;
    const table = webRoutes({} as never);
    expect(described.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      table.map(({ method, path }) => `${method} /api/v1${path}`).sort(),
    );
    for (const route of table) {
      const one = described.find(({ method, path }) => method === route.method && path === `/api/v1${route.path}`)!;
      expect(one['x-scope']).toBe(route.scope);
      const named = (place: string) =>
        (one.parameters ?? [])
          .filter((p) => p.in === place)
          .map(({ name }) => name)
          .sort();
      expect(named('query')).toEqual(Object.keys(route.query.shape).sort());
      expect(named('path')).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort());
      expect('requestBody' in one).toBe(route.body !== undefined);
      const statuses = Object.keys(one.responses!);
      expect(statuses).toEqual(expect.arrayContaining([String(route.status), '400', '403', '500', '503']));
    }
  });

  it('a field or a query that is not known, and a value that is none, are refused by name', async () => {
    const web = await startWeb(bed.home());
    const token = await web.token('view', 'send', 'manage');
    const message = async (path: string, body?: unknown): Promise<string> => {
      const { status, json } = await web.send(path, { token, ...(body !== undefined && { body }) });
      expect(status).toBe(400);
      expect(json.error).toMatchObject({ code: 'BAD_REQUEST', fix: expect.any(String) });
      return json.error.message;
    };
    expect(await message('/api/v1/sessions?colour=red')).toContain('"colour"');
    expect(await message('/api/v1/messages', { target: 'a', body: 'b', colour: 'red' })).toContain('"colour"');
    expect(await message('/api/v1/messages', { target: 'a', body: 'b', when: 'soon' })).toContain('"when"');
    expect(await message('/api/v1/messages', { target: 'a' })).toContain('"body"');
    expect(await message('/api/v1/messages?wait=later', { target: 'a', body: 'b' })).toContain('"wait"');
    expect(await message('/api/v1/messages', '{"target":')).toContain('not JSON');
    const gone = await web.send('/api/v1/sessions', { token, body: { cwd: '/not/there' } });
    expect(gone).toMatchObject({ status: 400, json: { error: { code: 'NO_SUCH_FOLDER' } } });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { json } = await web.send('/api/v1/messages', { token, body: 'target=a&body=b', headers: form });
    expect(json.error.message).toContain('Content-Type: application/json');
    expect(await message('/api/v1/sessions', { cwd: 'relative' })).toContain('"cwd"');
    expect(await message('/api/v1/sessions', { cwd: '/tmp', args: ['--version'] })).toContain('opens no session');
  });

  it('the same Idempotency-Key is the same request, also for the next server', async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const token = await web.token('view', 'send');
    const body = { target: home.cwd, body: 'once' };
    const headers = { 'idempotency-key': 'my-key' };
    const first = await web.send('/api/v1/messages', { token, body, headers });
    expect(first).toMatchObject({ status: 202, json: { repeated: false } });
    expect((await web.send('/api/v1/messages', { token, body, headers })).json.id).toBe(first.json.id);
    const other = await web.send('/api/v1/messages', { token, body: { ...body, body: 'twice' }, headers });
    const isUsed = { status: 409, json: { error: { code: 'KEY_USED' } } };
    expect(other).toMatchObject(isUsed);
    const next = await startWeb(home);
    // by another way, and to a server that does not remember it
    const here = `/api/v1/sessions/${encodeURIComponent(home.cwd)}/messages`;
    expect(await web.send(here, { token, body: { body: 'twice' }, headers })).toMatchObject(isUsed);
    expect(await next.send('/api/v1/messages', { token, body: { ...body, body: 'twice' }, headers })).toMatchObject(
      isUsed,
    );
    const again = await next.send('/api/v1/messages', { token, body, headers });
    expect(again.json).toMatchObject({ id: first.json.id, repeated: true });
    const { messages } = (await web.send('/api/v1/messages', { token })).json;
    expect(messages).toMatchObject([{ body: 'once', sender: { kind: 'user' } }]);
    const gone = await web.send(`/api/v1/messages/${first.json.id}`, { token, method: 'DELETE' });
    expect(gone.json.state).toBe('cancelled');
  });

  it('which sessions there are is not told to who may not see them, in an error neither', async () => {
    const home = bed.home();
    const web = await startWeb(home, { env: { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs') } });
    const token = await web.token('view', 'manage');
    const body = { cwd: home.cwd, name: 'secret-plan' };
    expect((await web.send('/api/v1/sessions', { token, body })).status).toBe(201);
    const sent = { target: 'nobody', body: 'x' };
    const seeing = await web.send('/api/v1/messages', { token: await web.token('view', 'send'), body: sent });
    expect(seeing).toMatchObject({ status: 404, json: { error: { code: 'NO_SUCH_SESSION' } } });
    expect(seeing.text).toContain('secret-plan');
    const blind = await web.send('/api/v1/messages', { token: await web.token('send'), body: sent });
    expect(blind).toMatchObject({ status: 404, json: { error: { code: 'NO_SUCH_SESSION' } } });
    expect(blind.text).not.toContain('secret-plan');
    const typing = await web.token('terminal');
    const refusal = await web.open('/api/v1/sessions/nobody/terminal', { token: typing }).catch(String);
    expect(refusal).toContain('NO_SUCH_SESSION');
    expect(refusal).not.toContain('secret-plan');
  });

  it('waiting ends with the time that was given', async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const token = await web.token('send');
    const body = { target: home.cwd, body: 'nobody is there' };
    const { status, json } = await web.send('/api/v1/messages?wait=200ms', { token, body });
    expect({ status, state: json.state }).toEqual({ status: 202, state: 'queued' });
  });

  it(`events go on where a client was; who was away too long is told ${verifies('web-events')}`, async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const token = await web.token('view', 'send');
    const follow = async (lastEventId?: string) => {
      const gone = new AbortController();
      bed.defer(() => gone.abort());
      const headers = { authorization: `Bearer ${token}`, ...(lastEventId && { 'last-event-id': lastEventId }) };
      const response = await fetch(`${web.url}/api/v1/events`, { headers, signal: gone.signal });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      let text = '';
      const reading = (async () => {
        for await (const chunk of response.body!) text += Buffer.from(chunk as Uint8Array).toString();
      })().catch(() => undefined);
      return {
        text: () => text,
        untilThere: (word: string) => until(() => text.includes(word), { timeoutMs: 10_000 }),
        close: async () => {
          gone.abort();
          await reading;
        },
      };
    };
    const say = (body: string) => web.send('/api/v1/messages', { token, body: { target: home.cwd, body } });
    const first = await follow();
    await first.untilThere('event: hello');
    await web.send('/api/v1/sessions', { token });
    await say('the first');
    await first.untilThere('the first');
    const lastId = [...first.text().matchAll(/^id: (.*)$/gm)].at(-1)![1]!;
    await first.close();
    await say('while nobody was there');
    const second = await follow(lastId);
    await second.untilThere('while nobody was there');
    expect(second.text()).not.toContain('resync');
    expect(second.text()).not.toContain('the first');
    for (const stale of ['another:1', `${lastId}000`, 'x']) {
      const third = await follow(stale);
      await third.untilThere('event: resync');
    }
    const pool = await web.open('/ws', { token });
    await until(() => pool.words.length > 0, { timeoutMs: 10_000 });
    expect(pool.words[0]).toEqual({ type: 'sessions', sessions: [] });
  });
});
