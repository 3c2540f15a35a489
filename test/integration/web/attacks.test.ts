/** What pages of other sites, and programs that mean ill, try on `claudex web`. */
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { Devices } from '../../../src/web/devices.ts';
import { Gate } from '../../../src/web/gate.ts';
import { UnprovenConnections } from '../../../src/web/unproven-connections.ts';
import { createWebServer } from '../../../src/web/web-server.ts';
import { verifies } from '../../requirements.ts';
import { selfSigned } from '../../support/far.ts';
import { repetitions } from '../../support/repetition.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { open as openSocket, startWeb } from '../../support/web.ts';

describe(`attacks on claudex web ${verifies('web-attacks')}`, () => {
  const bed = useTestBed();

  it('DNS rebinding: a name that is not this server’s is refused, before anything else, sockets included', async () => {
    const web = await startWeb(bed.home(), { args: ['--allow-host', 'devbox.lan'] });
    const token = await web.token('view');
    for (const host of ['evil.example', `localhost.evil.example:${web.port}`, '127.0.0.1.nip.io', '[::1']) {
      for (const path of ['/', '/healthz', '/api/v1/sessions', '/api/v1/pair']) {
        const { status, json } = await web.send(path, { token, headers: { host } });
        expect([host, path, status, json?.error?.code]).toEqual([host, path, 403, 'FOREIGN_HOST']);
      }
      await expect(web.open('/ws', { token, headers: { host } })).rejects.toThrow(/refused with 403.*FOREIGN_HOST/);
    }
    for (const host of ['127.0.0.1', `LOCALHOST:${web.port}`, '[::1]:80', 'devbox.lan', 'DevBox.lan:99']) {
      expect((await web.send('/api/v1/sessions', { token, headers: { host } })).status, host).toBe(200);
    }
  });

  it('cross-site requests and sockets: the cookie counts only from the page itself', async () => {
    const web = await startWeb(bed.home());
    const cookie = await web.pair();
    const own = `http://127.0.0.1:${web.port}`;
    const stop = (headers: Record<string, string>) =>
      web.send('/api/v1/sessions/none/stop', { method: 'POST', headers: { cookie, ...headers } });
    // other ports of this machine are the same site to SameSite
    const others = ['http://evil.example', `http://127.0.0.1:${web.port + 1}`, `https://127.0.0.1:${web.port}`, 'null'];
    for (const origin of others) {
      expect([origin, (await stop({ origin })).json.error.code]).toEqual([origin, 'FOREIGN_ORIGIN']);
      const read = await web.send('/api/v1/sessions', { headers: { cookie, origin } });
      expect([origin, read.status]).toEqual([origin, 403]);
      for (const path of ['/ws', '/api/v1/sessions/none/terminal']) {
        await expect(web.open(path, { headers: { cookie, origin } })).rejects.toThrow('FOREIGN_ORIGIN');
      }
    }
    expect((await stop({})).json.error.code).toBe('FOREIGN_ORIGIN');
    await expect(web.open('/ws', { headers: { cookie } })).rejects.toThrow('FOREIGN_ORIGIN');
    for (const site of ['cross-site', 'same-site']) {
      const { status } = await web.send('/api/v1/sessions', { headers: { cookie, 'sec-fetch-site': site } });
      expect([site, status]).toEqual([site, 403]);
    }
    // a form of another site can send no JSON, and what it sends says whose it is
    const form = { 'content-type': 'text/plain', origin: own };
    const sent = await web.send('/api/v1/messages', { method: 'POST', body: '{}', headers: { cookie, ...form } });
    expect(sent).toMatchObject({ status: 400, json: { error: { code: 'BAD_REQUEST' } } });

    expect((await stop({ origin: own })).json.error.code).toBe('NO_SUCH_SESSION');
    expect((await web.send('/api/v1/sessions', { headers: { cookie, 'sec-fetch-site': 'same-origin' } })).status).toBe(
      200,
    );
    const socket = await web.open('/ws', { headers: { cookie, origin: own } });
    expect(socket.socket.protocol).toBe('');
  });

  it('no path of a request reaches a file', async () => {
    const web = await startWeb(bed.home());
    const token = await web.token('view');
    const up = [
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/package.json',
      '/..%2f..%2fpackage.json',
      '/page/../../x',
      '//etc/passwd',
    ];
    for (const path of [...up, '/api/v1/sessions/..%2f..%2fetc/history', '/api/v1/../../etc/passwd', '/\\..\\x']) {
      const { status, text } = await web.send(path, { token });
      expect([path, status >= 400]).toEqual([path, true]);
      expect(text).not.toContain('root:');
    }
  });

  it('a body that is too large is refused, whether it says so or not', async () => {
    const web = await startWeb(bed.home());
    const token = await web.token('send');
    const body = JSON.stringify({ target: 'none', body: 'x'.repeat(3 * 1024 * 1024) });
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const refused = await web.send('/api/v1/messages', { token, body, headers: headers as Record<string, string> });
      expect(refused).toMatchObject({ status: 413, json: { error: { code: 'BODY_TOO_LARGE' } } });
    }
    const long = await web.send('/api/v1/messages', { token, body: { target: 'none', body: 'x'.repeat(300 * 1024) } });
    expect([404, 413]).toContain(long.status);
  });

  it('what comes too slowly is given up', async () => {
    const home = bed.home();
    const devices = new Devices(home.env());
    const gate = new Gate({ devices, hosts: new Set(), isTls: false, cookieName: 'c' });
    const app = new OpenAPIHono();
    app.post('/', async (context) => context.text(await context.req.text()));
    const server = createWebServer({
      app: app as never,
      gate,
      tls: undefined,
      connections: new UnprovenConnections(),
      upgrade: async () => undefined,
      log: () => undefined,
      times: { headersMs: 200, requestMs: 400 },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bed.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const ends = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let read = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
        socket.once('error', reject);
        socket.once('close', () => resolve(read));
      });
    expect(await ends('POST / HTTP/1.1\r\nhost: localhost\r\nx-')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await ends('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"half":')).toMatch(
      /^HTTP\/1\.1 408 /,
    );
    expect(await ends('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('ten thousand connections that say nothing keep nobody out who may be here', async () => {
    const web = await startWeb(bed.home());
    const token = await web.token('view');
    const events = await new Promise<{ beats: () => string; isOpen: () => boolean }>((resolve, reject) => {
      const path = '/api/v1/events';
      const headers = { authorization: `Bearer ${token}` };
      const sent = httpRequest({ port: web.port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
        let read = '';
        let isOpen = true;
        response.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
        response.once('close', () => {
          isOpen = false;
        });
        resolve({ beats: () => read, isOpen: () => isOpen });
      });
      sent.once('error', reject);
      bed.defer(() => void sent.destroy());
      sent.end();
    });
    const open = new Set<Socket>();
    const connectOne = (): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(web.port, '127.0.0.1');
        open.add(socket);
        socket.once('connect', () => resolve());
        socket.on('error', () => resolve());
        socket.once('close', () => open.delete(socket));
      });
    bed.defer(() => {
      for (const socket of open) socket.destroy();
    });
    const all = repetitions(2000, 10_000);
    for (let count = 0; count < all; count += 200) await Promise.all(Array.from({ length: 200 }, connectOne));
    // the oldest went for the newer ones
    await until(() => open.size <= 500);
    expect((await web.send('/api/v1/sessions', { token })).status).toBe(200);
    expect(events.isOpen()).toBe(true);
    const { json } = await web.send('/api/v1/health', { token });
    expect(json.clients).toBe(1);
  });

  it('nor do they over TLS', async () => {
    const home = bed.home();
    const { cert, key } = await selfSigned(home.root);
    const web = await startWeb(home, { args: ['--tls-cert', cert, '--tls-key', key] });
    const options = { token: await web.token('view'), rejectUnauthorized: false };
    const socket = await openSocket(`wss://127.0.0.1:${web.port}/ws`, options);
    const strangers = new Set<Socket>();
    bed.defer(() => {
      for (const stranger of strangers) stranger.destroy();
    });
    for (let count = 0; count < 501; count++) {
      await new Promise<void>((resolve, reject) => {
        const stranger = connect(web.port, '127.0.0.1', resolve);
        strangers.add(stranger.once('close', () => strangers.delete(stranger)).once('error', reject));
      });
    }
    // the oldest of them went for the last one
    await until(() => strangers.size <= 500);
    const answered = new Promise((resolve) => socket.socket.once('pong', resolve));
    socket.socket.ping();
    await Promise.race([answered, socket.closed.then((code) => Promise.reject(new Error(`closed with ${code}`)))]);
  });
});
