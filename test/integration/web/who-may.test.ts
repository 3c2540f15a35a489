/** Who is let in by `claudex web`, for what, and for how long. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scopes } from '../../../src/web/scopes.ts';
import { socketRoutes, webRoutes } from '../../../src/web/web-routes.ts';
import { verifies } from '../../requirements.ts';
import { claudexBin, fixture, runClaudex } from '../../support/claudex.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { startWeb } from '../../support/web.ts';

/** The path with something in each `{…}` that names nothing. */
const pathOf = (path: string): string => path.replaceAll(/\{\w+\}/g, 'none');
const table = webRoutes({} as never);

describe(`who may, in claudex web ${verifies('web-who-may')}`, () => {
  const bed = useTestBed();

  it('each route takes its scope, and no other, and nobody without one', async () => {
    const web = await startWeb(bed.home());
    const tokens = new Map<string, string>();
    for (const scope of scopes) tokens.set(scope, await web.token(scope));
    for (const { method, path, scope } of table.filter((one) => one.scope !== 'anyone')) {
      const ask = async (token?: string): Promise<{ status: number; code?: string }> => {
        // what goes on for ever is looked at by its headers; a body that is none is refused after the scope is looked at
        if (path === '/events' && token !== undefined && (scope === 'paired' || tokens.get(scope) === token)) {
          return { status: 200 };
        }
        const options = { method: method.toUpperCase(), ...(method === 'post' && { body: 'no json' }) };
        const { status, json } = await web.send(`/api/v1${pathOf(path)}`, {
          ...options,
          ...(token !== undefined && { token }),
        });
        return { status, code: json?.error?.code };
      };
      expect([path, await ask()]).toEqual([path, { status: 401, code: 'NOT_SIGNED_IN' }]);
      expect([path, await ask('cdxw_aaaaaaaa_not-a-token')]).toEqual([path, { status: 401, code: 'NOT_SIGNED_IN' }]);
      for (const [name, token] of tokens) {
        const { status, code } = await ask(token);
        const isIn = scope === 'paired' || scope === name;
        expect([method, path, name, isIn]).toEqual([method, path, name, status !== 401 && code !== 'SCOPE_MISSING']);
      }
    }
    for (const { path, scope, readOnlyScope } of socketRoutes) {
      await expect(web.open(pathOf(path))).rejects.toThrow('refused with 401');
      for (const [name, token] of tokens) {
        const refusal = (query: string) =>
          web.open(`${pathOf(path)}${query}`, { token }).then(
            () => '',
            (error: Error) => error.message,
          );
        expect([path, name, (await refusal('')).includes('SCOPE_MISSING')]).toEqual([path, name, scope !== name]);
        if (!readOnlyScope) continue;
        const looking = (await refusal('?readonly=1')).includes('SCOPE_MISSING');
        expect([path, name, looking]).toEqual([path, name, readOnlyScope !== name]);
      }
    }
    expect((await web.send('/api/v1/nowhere')).status).toBe(401);
    expect((await web.send('/api/v1/nowhere', { token: tokens.get('view')! })).json.error.code).toBe('NO_SUCH_ROUTE');
    expect((await web.send('/healthz')).json).toEqual({ status: 'ok' });
  });

  it('a pairing link lets one browser in, once; tries are limited', async () => {
    const web = await startWeb(bed.home());
    const code = await web.pairingCode();
    const pair = (body: unknown) => web.send('/api/v1/pair', { method: 'POST', body });
    const paired = await pair({ code, name: 'my\u0007 phone\n' });
    expect(paired).toMatchObject({ status: 200, json: { device: { kind: 'browser', scopes: [...scopes] } } });
    expect(paired.json.device.name).not.toMatch(/[\u0007\n]/);
    const [setCookie] = paired.headers['set-cookie']!;
    expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict; /);
    const cookie = setCookie!.split(';')[0]!;
    expect((await web.send('/api/v1/me', { headers: { cookie } })).json.device.id).toBe(paired.json.device.id);
    expect(await pair({ code })).toMatchObject({ status: 401, json: { error: { code: 'PAIRING_REFUSED' } } });
    let refused = await pair({ code: 'guessed' });
    for (let tries = 0; tries < 20 && refused.status === 401; tries++) refused = await pair({ code: 'guessed' });
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'TOO_MANY_TRIES' } } });
    expect(refused.headers['retry-after']).toBe('6');
    // a good code is no way around it
    expect((await pair({ code: await web.pairingCode() })).status).toBe(429);
  });

  it('a revoked device is out at once, its streams and sockets too', async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const token = await web.token('view');
    const socket = await web.open('/ws', { token });
    const events = await fetch(`${web.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } });
    const reader = events.body!.getReader();
    await reader.read();
    const listed = await runClaudex(['web', 'devices', '--json'], { env: home.env() });
    const [device] = JSON.parse(listed.stdout);
    expect(device).toMatchObject({ name: 'test', kind: 'program', scopes: ['view'] });
    expect((await runClaudex(['web', 'revoke', device.id], { env: home.env() })).code).toBe(0);
    expect(await socket.closed).toBe(4001);
    await until(async () => (await reader.read()).done, { timeoutMs: 10_000 });
    expect((await web.send('/api/v1/me', { token })).status).toBe(401);
    expect(await runClaudex(['web', 'revoke', device.id], { env: home.env() })).toMatchObject({ code: 3 });
    expect(await runClaudex(['web', 'revoke', '../../config'], { env: home.env() })).toMatchObject({ code: 3 });
  });

  it('a server that was started beside another one ends, and links lead to the one that runs', async () => {
    const home = bed.home();
    const [first, second] = [await startWeb(home), await startWeb(home)];
    const link = async () => (await runClaudex(['web', 'pair'], { env: home.env() })).stdout;
    expect(await link()).toContain(`:${second.port}/#pair=`);
    const ended = new Promise((resolve) => second.child.once('exit', resolve));
    second.child.kill('SIGTERM');
    await ended;
    expect(await link()).toContain(`:${first.port}/#pair=`);
  });

  it('behind a proxy that has the TLS: its name counts with https, and no other', async () => {
    const web = await startWeb(bed.home(), { args: ['--allow-host', 'claude.example'] });
    const from = (origin: string, host: string) => ({ origin, host });
    const body = { code: await web.pairingCode() };
    for (const [origin, host] of [
      ['https://other.example', 'claude.example'],
      ['https://claude.example:8443', 'claude.example'],
      [`https://localhost:${web.port}`, `localhost:${web.port}`],
      ['https://127.0.0.1', '127.0.0.1'],
    ] as const) {
      const refused = await web.send('/api/v1/pair', { body, headers: from(origin, host) });
      expect([origin, refused.json.error.code]).toEqual([origin, 'FOREIGN_ORIGIN']);
    }
    const headers = from('https://claude.example', 'claude.example');
    const paired = await web.send('/api/v1/pair', { body, headers });
    expect(paired.status).toBe(200);
    const [setCookie] = paired.headers['set-cookie']!;
    expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict; .*; Secure$/);
    expect(paired.headers['content-security-policy']).toContain('wss://claude.example;');
    const socket = await web.open('/ws', { headers: { ...headers, cookie: setCookie!.split(';')[0]! } });
    await until(() => socket.words.length > 0);
  });

  it('secrets are on disk as hashes, 0600, and in no log', async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const token = await web.token(...scopes);
    const cookie = await web.pair();
    await web.send('/api/v1/sessions', { token });
    await web.send('/api/v1/nowhere', { token });
    await web.send('/api/v1/sessions', { headers: { cookie, origin: 'http://evil.example' } });
    await web.send('/api/v1/sessions', { token, headers: { host: 'evil.example' } });
    const shown = cookie.split('=')[1]!;
    // behind the id of the device, and it may have `_` in it
    const secrets = [token.split('_').slice(2).join('_'), shown.split('_').slice(1).join('_'), shown];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(40);
    const folder = (name: string): string => join(home.claudexHome, name);
    const files = ['web', 'logs'].flatMap((name) =>
      readdirSync(folder(name), { recursive: true, encoding: 'utf8' }).map((file) => join(folder(name), file)),
    );
    for (const file of files) {
      const { mode } = statSync(file);
      expect([file, (mode & 0o077).toString(8)]).toEqual([file, '0']);
      if (!statSync(file).isFile()) continue;
      const text = readFileSync(file, 'utf8');
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
    expect(readFileSync(join(home.claudexHome, 'logs', 'web.log'), 'utf8')).toContain('FOREIGN_ORIGIN');
  });

  it('below a claude nobody is let in', async () => {
    const home = bed.home();
    await startWeb(home);
    const env = home.env(undefined, { CLAUDECODE: '1' });
    for (const words of [['pair'], ['token', '--name', 'x', '--scope', 'manage']]) {
      const refused = await runClaudex(['web', ...words], { env });
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toContain('A claude session may not let anybody in');
      // taking the marks out of one's own environment does not take them out of the shell's
      const scrubbed = [
        '-c',
        '"$@"; exit $?',
        'sh',
        'env',
        '-u',
        'CLAUDECODE',
        process.execPath,
        claudexBin,
        'web',
        ...words,
      ];
      expect(await run('/bin/sh', scrubbed, { env })).toMatchObject({ code: 3, stdout: '' });
    }
    expect((await runClaudex(['web', 'devices', '--json'], { env })).stdout).toBe('[]\n');
  });

  it('a chat’s token is good for the chat of its session, and for nothing else', async () => {
    const home = bed.home({ cwdNames: ['one', 'two'] });
    const env = home.env(undefined, { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs') });
    const web = await startWeb(home, { env });
    const token = await web.token('view', 'manage');
    for (const name of ['one', 'two'])
      await web.send('/api/v1/sessions', { token, body: { cwd: home.dir(name), name } });
    const made = await runClaudex(['web', 'token', '--chat', 'one'], { env });
    const path = made.stdout.trim().replace(/^ws:\/\/[^/]+/, '');
    expect(path).toMatch(/^\/chat\/\w{8}_[\w-]{43}\?session=/);
    const chat = await web.open(path);
    await until(() => chat.words.some(({ type }) => type === 'status'));
    const bare = path.split('?')[0]!;
    await web.open(bare);
    await expect(web.open(`${bare}?session=two`)).rejects.toThrow(/refused with 403.*SCOPE_MISSING/);
    await expect(web.open('/chat?session=one')).rejects.toThrow('refused with 401');
    await expect(web.open(`/chat/${'a'.repeat(8)}_${'b'.repeat(43)}`)).rejects.toThrow('refused with 401');
    await expect(web.open(path, { headers: { origin: 'http://evil.example' } })).rejects.toThrow('FOREIGN_ORIGIN');
    // a token that may not send has no chat
    await expect(web.open('/chat?session=one', { token })).rejects.toThrow('SCOPE_MISSING');
    const secret = bare.replace('/chat/', '');
    for (const used of [secret, `cdxw_${secret}`])
      expect((await web.send('/api/v1/me', { token: used })).status).toBe(401);
    const cookie = `claudex_web_${web.port}=${secret}`;
    expect((await web.send('/api/v1/me', { headers: { cookie } })).status).toBe(401);
    chat.socket.send(JSON.stringify({ type: 'message', content: 'x', session_id: 'two' }));
    chat.socket.send('{"type":"shell"}');
    await until(() => chat.words.filter(({ type }) => type === 'error').length === 2);
    expect(readFileSync(join(home.claudexHome, 'logs', 'web.log'), 'utf8')).not.toContain(secret.slice(9));
  });

  it('beyond loopback it takes TLS, or to be told that it need not', async () => {
    const home = bed.home();
    const refused = await runClaudex(['web', '--port', '0', '--host', '0.0.0.0'], { env: home.env() });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--tls-cert');
    const web = await startWeb(home, { args: ['--host', '0.0.0.0', '--plain-http'] });
    expect((await web.send('/healthz')).status).toBe(200);
  });
});
