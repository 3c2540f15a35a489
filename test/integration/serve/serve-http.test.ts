/** The HTTP side of `claudex serve` by itself: who is let in, how large and how slow a request may be. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ApiError } from '../../../src/serve/api-error.ts';
import { bodyOf, createServeServer, type ServeContext } from '../../../src/serve/serve-server.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import { useTestBed } from '../../support/test-bed.ts';

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: { type?: string; error?: { type: string; message: string }; [field: string]: unknown };
}

describe(`the server of claudex serve ${verifies('serve-guarded')}`, () => {
  const bed = useTestBed();

  async function start(handle: (context: ServeContext) => Promise<Response>, bodyTimeoutMs = 30_000) {
    const errors: ApiError[] = [];
    const server = createServeServer(
      (app) => app.all('*', handle),
      new Set(['devbox']),
      { bodyTimeoutMs },
      (_id, error) => errors.push(error),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bed.defer(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    const { port } = server.address() as AddressInfo;
    return { port, errors };
  }

  function send(
    port: number,
    options: { path?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Reply> {
    const { path = '/', headers = {}, body } = options;
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', path, headers, method: 'POST', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  const echo = async (context: ServeContext): Promise<Response> => {
    const { segments, token } = context.var;
    return context.json({ segments, token, body: (await bodyOf(context)).length });
  };

  it('lets in what names this machine in Host, and nothing else', async () => {
    const { port, errors } = await start(echo);
    for (const host of [
      '127.0.0.1',
      `localhost:${port}`,
      'LOCALHOST',
      '[::1]:80',
      '10.0.0.7:1',
      'devbox',
      'DevBox:99',
    ]) {
      expect((await send(port, { headers: { host } })).status, host).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'devbox.example:80', '[::1']) {
      const { status, body } = await send(port, { headers: { host } });
      expect([host, status, body.error?.type]).toEqual([host, 403, 'permission_error']);
    }
    expect(errors).toHaveLength(5);
  });

  it('reads the token from either header', async () => {
    const { port } = await start(echo);
    const tokenOf = async (headers: Record<string, string>) => (await send(port, { headers })).body.token;
    expect(await tokenOf({ 'x-api-key': 'one' })).toBe('one');
    expect(await tokenOf({ authorization: 'Bearer two' })).toBe('two');
    expect(await tokenOf({ authorization: 'bearer two', 'x-api-key': 'one' })).toBe('one');
    expect(await tokenOf({ authorization: 'Basic dHdv' })).toBe('');
    expect(await tokenOf({})).toBe('');
  });

  it('takes the path apart without tidying it up', async () => {
    const { port } = await start(echo);
    const { body } = await send(port, { path: '/a/../%2e%2e/b%2Fc?x=1' });
    expect(body.segments).toEqual(['a', '..', '..', 'b/c']);
    expect(await send(port, { path: '/%zz' })).toMatchObject({ status: 400 });
  });

  it('refuses a body that is too large, whether it says so or not', async () => {
    const { port } = await start(echo);
    const body = 'x'.repeat(8 * 1024 * 1024);
    expect((await send(port, { body })).body.body).toBe(body.length);
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const refused = await send(port, { body: `${body}x`, headers });
      expect(refused).toMatchObject({ status: 413, body: { error: { type: 'request_too_large' } } });
    }
  });

  it('lets a client that reads only when it has sent everything read that it was too much', async () => {
    const { port } = await start(echo);
    const text = await new Promise<string>((resolve, reject) => {
      let read = '';
      const socket = connect(port, '127.0.0.1').setEncoding('utf8').pause();
      socket.once('error', reject);
      socket.on('data', (chunk: string) => (read += chunk));
      socket.once('end', () => resolve(read));
      socket
        .pause()
        .write('POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
      for (let mebibytes = 0; mebibytes < 24; mebibytes++) socket.write(chunk);
      socket.write('0\r\n\r\n', () => socket.resume());
    });
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('gives up on a body that does not come', async () => {
    const { port } = await start(echo, 300);
    const text = await new Promise<string>((resolve, reject) => {
      let read = '';
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"half":');
      });
      socket.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
      socket.once('error', reject);
      socket.once('close', () => resolve(read));
    });
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"type":"timeout_error"');
  });

  it('answers what is no HTTP', async () => {
    const { port } = await start(echo);
    const text = await new Promise<string>((resolve) => {
      let read = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('hello\r\n\r\n'));
      socket.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
      socket.once('close', () => resolve(read));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*invalid_request_error/);
  });

  it('hides what went wrong inside, and gives every answer an id', async () => {
    const { port, errors } = await start(async () => {
      throw new TypeError('inner secret');
    });
    const { status, headers, body } = await send(port);
    expect({ status, type: body.error?.type }).toEqual({ status: 500, type: 'api_error' });
    expect(JSON.stringify(body)).not.toContain('inner secret');
    expect(headers['request-id']).toBe(body.request_id);
    expect(String(errors[0]?.cause)).toContain('inner secret');
  });

  it('says so when the port is taken or there is none', async () => {
    const { port } = await start(echo);
    const home = bed.home();
    const serve = (...args: string[]) =>
      runClaudex(['serve', '--workspaces', dirname(home.cwd), ...args], { env: home.env() });
    const taken = await serve('--port', String(port));
    expect(taken).toMatchObject({ code: 3, stdout: '' });
    expect(taken.stderr).toContain('something else listens there');
    expect(await serve('--port', '70000')).toMatchObject({ code: 2 });
  });
});
